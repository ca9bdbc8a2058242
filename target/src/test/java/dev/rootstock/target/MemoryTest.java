// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.r2t;
import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one client can make the server hold. */
class MemoryTest {
  private static final int BLOCK = 512;
  private static final int CHUNK = 256 * 1024;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(4 << 20);

  /** Small requests for much: READ(16), and VERIFY(16) that compares nothing. */
  @ParameterizedTest
  @ValueSource(ints = {0x88, 0x8F})
  void whatIsReadOffTheLoopIsBoundedForASession(int opcode) throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = server.login();
      boolean read = opcode == 0x88;
      for (int i = 0; i < Limits.COMMANDS; i++) {
        initiator
            .socket()
            .send(
                initiator.command(
                    0,
                    Initiator.cdb16(opcode, 0, CHUNK / BLOCK),
                    read,
                    false,
                    read ? CHUNK : 0,
                    Unpooled.EMPTY_BUFFER));
      }
      initiator.ping(new byte[0]);
      assertEquals(Limits.SESSION_BYTES / CHUNK, slow.begun());
      // Each gives back what it held, and all come to their turn.
      slow.holdNothing();
      slow.letAll();
      for (int ended = 0; ended < Limits.COMMANDS; ) {
        switch (initiator.receive()) {
          case DataIn data -> ended += data.withStatus() ? 1 : 0;
          case Object other -> {
            assertEquals(0, assertInstanceOf(ScsiResponse.class, other).status());
            ended++;
          }
        }
      }
    }
  }

  /** §4.2.3.3: Linux does not send the data of what it has aborted; one wait for them is enough. */
  @Test
  void dataThatWereGivenUpAreNotWaitedForAgain() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      sendWrite(initiator, 0, 8);
      r2t(initiator);
      assertEquals(
          TaskManagementResponse.COMPLETE,
          initiator.manage(TaskManagementRequest.ABORT_TASK_SET, 0, Tag.NONE, 0));
      sendManage(initiator);
      initiator
          .socket()
          .send(
              new NopOut(
                  true,
                  0,
                  initiator.newTag(),
                  Tag.NONE,
                  initiator.cmdSn(),
                  initiator.expStatSn(),
                  Unpooled.EMPTY_BUFFER));
      assertInstanceOf(TaskManagementResponse.class, initiator.receive());
      assertInstanceOf(NopIn.class, initiator.receive());
    }
  }

  private static void sendManage(Initiator initiator) throws IOException {
    initiator
        .socket()
        .send(
            new TaskManagementRequest(
                true,
                TaskManagementRequest.ABORT_TASK_SET,
                0,
                initiator.newTag(),
                Tag.NONE,
                initiator.cmdSn(),
                initiator.expStatSn(),
                0,
                0));
  }

  /** Discovery needs no credentials: its sessions do not take the places of clients. */
  @Test
  void discoverySessionsStayStrangers() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      for (int i = 0; i < Limits.CONNECTIONS_BEFORE_LOGIN_BY_ADDRESS; i++) {
        var _ =
            server.loginOnly(
                LoginOptions.discovery(TestServer.INITIATOR)
                    .withIsid(new Isid(0x00023D000000L + i)));
      }
      PduSocket tooMany = server.connect();
      // Closed by the server; not merely silent, which would be a time-out.
      assertThrows(EOFException.class, tooMany::receive);
    }
  }
}
