// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a unit remembers between sessions, and what one session does to the commands of another. */
class UnitStateOverTheWireTest {
  private static final int GOOD = 0x00;
  private static final int RESERVATION_CONFLICT = 0x18;
  private static final byte[] BLOCK = new byte[512];

  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);

  private static Initiator login(TestServer server, int isid) throws IOException {
    return server.login(TestServer.options().withIsid(new Isid(isid)));
  }

  /** PERSISTENT RESERVE OUT with the basic parameter list. */
  private static int reserveOut(Initiator initiator, int action, int type, long key, long newKey)
      throws IOException {
    byte[] cdb = bytes("5f%02x%02x0000 00000018 00".formatted(action, type));
    return initiator.write(0, cdb, bytes("%016x%016x%016x".formatted(key, newKey, 0))).status();
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static CommandResult testUnitReady(Initiator initiator) throws IOException {
    return initiator.read(0, new byte[6], 0);
  }

  /** SPC-4 §5.13: a registration is of a nexus, which the same name and ISID make again. */
  @Test
  void aReservationOutlivesItsSessionAndEverySession() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator holder = login(server, 1);
      assertEquals(GOOD, reserveOut(holder, 0, 0, 0, 0xA));
      assertEquals(GOOD, reserveOut(holder, 1, 3, 0xA, 0)); // exclusive access
      holder.logout();
      Initiator other = login(server, 2);
      assertEquals(RESERVATION_CONFLICT, other.writeBlocks(0, 0, BLOCK).status());
      Initiator again = login(server, 1);
      assertTrue(again.writeBlocks(0, 0, BLOCK).good());
    }
  }

  /** RFC 7143 §11.5.1: TARGET COLD RESET is a power-on. */
  @Test
  void aColdResetEndsReservationsThatWereNotToSurviveIt() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator holder = login(server, 1);
      reserveOut(holder, 0, 0, 0, 0xA);
      reserveOut(holder, 1, 3, 0xA, 0);
      Initiator other = login(server, 2);
      other.manage(TaskManagementRequest.TARGET_COLD_RESET, 0, -1, 0);
      Initiator third = login(server, 3);
      assertTrue(third.writeBlocks(0, 0, BLOCK).good());
    }
  }

  /** SPC-4 §5.13.11.5: answered when the preempted command cannot reach the disk any more. */
  @Test
  void preemptAndAbortEndsWhatAnotherSessionHasUnderWay() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator victim = login(server, 1);
      Initiator other = login(server, 2);
      reserveOut(victim, 0, 0, 0, 0xA);
      reserveOut(other, 0, 0, 0, 0xB);
      ScsiCommand write =
          victim.command(
              0, Initiator.cdb16(0x8A, 0, 1), false, true, 512, Unpooled.wrappedBuffer(BLOCK));
      victim.socket().send(write);
      slow.awaitHeld(1);
      byte[] preempt = bytes("5f0503 0000 00000018 00");
      ScsiCommand sent =
          other.command(
              0,
              preempt,
              false,
              true,
              24,
              Unpooled.wrappedBuffer(bytes("%016x%016x%016x".formatted(0xB, 0xA, 0))));
      other.socket().send(sent);
      List<String> told = new ArrayList<>();
      TestServer.await(
          "that the commands are aborted",
          () -> {
            told.add(attention(victim));
            return told.contains("06/2f/00");
          });
      assertTrue(told.contains("06/2a/05"), told::toString);
      slow.letAll();
      assertEquals(GOOD, other.await(sent.itt(), new byte[0]).status());
    }
  }

  /** SBC-3 §4.11: a sanitize operation belongs to the unit; to abort its command does not wait. */
  @Test
  void sanitizeGoesOnWithoutItsCommand() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator first = login(server, 1);
      ScsiCommand erase =
          first.command(0, bytes("48020000000000000000"), false, false, 0, Unpooled.EMPTY_BUFFER);
      first.socket().send(erase);
      slow.awaitHeld(1);
      assertEquals(
          0, first.manage(TaskManagementRequest.ABORT_TASK, 0, erase.itt(), erase.cmdSn()));
      assertEquals("02/04/1b", testUnitReady(first).senseCode());
      first.logout();
      Initiator second = login(server, 2);
      assertEquals("02/04/1b", testUnitReady(second).senseCode());
      slow.holdNothing();
      slow.letAll();
      TestServer.await("the end of the operation", () -> isReady(second));
    }
  }

  /** SAM-5 §7.2: what an aborted command would still do is not begun. */
  @Test
  void anAbortedCopyStopsBehindItsStep() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = login(server, 1);
      ScsiCommand copy = sendLongCopy(initiator);
      slow.awaitHeld(1);
      initiator
          .socket()
          .send(
              new TaskManagementRequest(
                  true,
                  TaskManagementRequest.ABORT_TASK,
                  0,
                  initiator.newTag(),
                  copy.itt(),
                  initiator.cmdSn(),
                  initiator.expStatSn(),
                  copy.cmdSn(),
                  0));
      initiator.ping(new byte[0]);
      slow.letOne();
      assertEquals(
          TaskManagementResponse.COMPLETE,
          assertInstanceOf(TaskManagementResponse.class, initiator.receive()).response());
      assertEquals(1, slow.begun());
    }
  }

  /** A lease that is revoked ends when the step has, and no other uses the device. */
  @Test
  void aCopyOrASanitizeDoesNotOutliveItsLease() throws Exception {
    SlowDevice slow = new SlowDevice(disk);
    try (TestServer server = TestServer.of(slow)) {
      Initiator initiator = login(server, 1);
      sendLongCopy(initiator);
      slow.awaitHeld(1);
      revokedWhenAStepHasEnded(server, slow, 1);
      initiator = login(server, 1);
      assertEquals(0, initiator.read(0, bytes("48820000000000000000"), 0).status());
      slow.awaitHeld(1);
      revokedWhenAStepHasEnded(server, slow, 2);
    }
  }

  private static void revokedWhenAStepHasEnded(TestServer server, SlowDevice slow, int begun)
      throws Exception {
    var lease = server.admission().leases().getLast();
    var revoked =
        server
            .target()
            .revoke(OpenAdmission.TARGET, lease.generation(), "the test says so")
            .toCompletableFuture();
    TestServer.await(
        "the session is closed", () -> server.target().sessions(OpenAdmission.TARGET).isEmpty());
    assertFalse(lease.ended().isDone());
    slow.letOne();
    revoked.get(30, TimeUnit.SECONDS);
    assertTrue(lease.ended().isDone());
    assertEquals(begun, slow.begun());
    server.admission().nextGeneration();
  }

  /** A copy of 512 KiB within the unit, in several steps. */
  private static ScsiCommand sendLongCopy(Initiator initiator) throws IOException {
    String unit = "e4000000" + "01030008" + "3000000000000001" + "00".repeat(12) + "00000200";
    String segment = "02000018" + "00000000" + "00000400" + "0000000000000000" + "0000000000000400";
    byte[] list = bytes("0100" + "0020" + "00000000" + "0000001c" + "00000000" + unit + segment);
    byte[] cdb = new byte[16];
    cdb[0] = (byte) 0x83;
    cdb[13] = (byte) list.length;
    ScsiCommand copy =
        initiator.command(0, cdb, false, true, list.length, Unpooled.wrappedBuffer(list));
    initiator.socket().send(copy);
    return copy;
  }

  private static boolean isReady(Initiator initiator) {
    return attention(initiator).isEmpty();
  }

  /** What TEST UNIT READY tells, or nothing. */
  private static String attention(Initiator initiator) {
    try {
      return testUnitReady(initiator).senseCode();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
