// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.CommandResult;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.TaskManagementRequest;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Connections that come and go at random while commands are in flight: joined, reinstated, lost,
 * logged out for every reason, with functions of every kind in between. Whatever happens, another
 * session is served, no buffer is lost, and each lease ends once (RFC 7143 §7.1.4.3, §7.2.2,
 * §7.14).
 */
class ConnectionChaosTest {
  private static final int ACTIONS = 250;
  private static final int BYTES = 64 * 1024;

  private final SlowDevice slow = new SlowDevice(new MemoryBlockDevice(1 << 20));

  /** A command that may not have come. */
  private record Sent(int tag, int cmdSn) {}

  private final List<Initiator> living = new ArrayList<>();
  private final List<Sent> sent = new ArrayList<>();

  /** §7.1.5: at every level what fails costs its own session at most, and others are served. */
  @ParameterizedTest
  @CsvSource({"0, 1", "1, 3", "2, 5", "2, 6"})
  void nothingIsLostWhateverConnectionsDo(int level, long seed) throws Exception {
    Random random = new Random(seed);
    LoginOptions options =
        TestServer.options()
            .with("MaxConnections", "4")
            .with("ErrorRecoveryLevel", Integer.toString(level))
            .with("DefaultTime2Wait", "0")
            .with("DefaultTime2Retain", random.nextBoolean() ? "1" : "20")
            .with("MaxRecvDataSegmentLength", "8192")
            .with("InitialR2T", random.nextBoolean() ? "Yes" : "No");
    Thread device = Thread.ofVirtual().start(this::work);
    try (TestServer server = TestServer.of(slow)) {
      Initiator honest = server.login(TestServer.options().withIsid(new Isid(2)));
      for (int i = 0; i < ACTIONS; i++) {
        if (living.isEmpty()) {
          sent.clear();
          enter(login(server, options));
        }
        Initiator one = living.get(random.nextInt(living.size()));
        try {
          act(server, one, random);
        } catch (IOException e) {
          // It has been closed, or was refused; both may be.
          living.remove(one);
        }
      }
      assertServed(server, honest);
      assertEquals(
          1,
          server.target().sessions(OpenAdmission.TARGET).stream()
              .filter(session -> session.isid().equals(new Isid(2)))
              .count());
    } finally {
      device.interrupt();
    }
  }

  private static void assertServed(TestServer server, Initiator honest) throws IOException {
    Initiator served = honest;
    CommandResult read;
    try {
      read = honest.readBlocks(0, 0, 8);
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      // A cold reset has ended it.
      served = login(server, TestServer.options().withIsid(new Isid(2)));
      read = served.readBlocks(0, 0, 8);
    }
    // Resets of the unit have left unit attentions, a few at most.
    for (int i = 0; i < 8 && !read.good(); i++) {
      assertEquals("06", read.senseCode().substring(0, 2));
      read = served.readBlocks(0, 0, 8);
    }
    assertTrue(read.good());
  }

  /** A cold reset that is still under way ends also what is just beginning. */
  private static Initiator login(TestServer server, LoginOptions options) throws IOException {
    for (int i = 0; ; i++) {
      try {
        return server.loginOnly(options);
      } catch (LoginRefusedException e) {
        if (e.status() != LoginStatus.SERVICE_UNAVAILABLE.code() || i == 5) {
          throw e;
        }
      }
    }
  }

  /** The device answers after a while, on a thread of its own. */
  private void work() {
    try {
      while (true) {
        slow.letAll();
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      slow.holdNothing();
      slow.letAll();
    }
  }

  /** Takes what comes on a connection, and answers what is asked for. */
  private void enter(Initiator connection) {
    living.add(connection);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                while (true) {
                  if (connection.receive() instanceof ReadyToTransfer r2t) {
                    connection.answer(r2t, new byte[BYTES]);
                  }
                }
              } catch (IOException e) {
                // Its end.
              }
            });
  }

  private void act(TestServer server, Initiator one, Random random) throws IOException {
    switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> send(one, true, random);
      case 4, 5, 6, 7 -> send(one, false, random);
      case 8, 9 -> enter(server.join(one, random.nextInt(5)));
      case 10 -> {
        one.socket().reset();
        living.remove(one);
      }
      case 11 -> logout(one, random);
      case 12 -> function(one, 1 + random.nextInt(random.nextInt(8) == 0 ? 7 : 5), random);
      case 13 -> {
        // As one does who has lost a connection: takes over what there is, or fills the holes.
        for (Sent each : List.copyOf(sent)) {
          manage(one, TaskManagementRequest.TASK_REASSIGN, each, random.nextInt(3));
        }
      }
      default -> {
        for (Sent each : List.copyOf(sent)) {
          manage(one, TaskManagementRequest.ABORT_TASK, each, 0);
        }
        sent.clear();
      }
    }
  }

  private void send(Initiator one, boolean write, Random random) throws IOException {
    int bytes = 512 * (1 + random.nextInt(BYTES / 512));
    ScsiCommand command =
        one.command(
            0,
            Initiator.cdb16(write ? 0x8A : 0x88, random.nextInt(1024), bytes / 512),
            !write,
            write,
            bytes,
            Unpooled.EMPTY_BUFFER);
    sent.add(new Sent(command.itt(), command.cmdSn()));
    if (random.nextInt(10) != 0) {
      one.socket().send(command);
    }
  }

  private void logout(Initiator one, Random random) throws IOException {
    int reason = random.nextInt(6) == 0 ? LogoutRequest.CLOSE_SESSION : 1 + random.nextInt(2);
    one.socket()
        .send(
            new LogoutRequest(
                true, reason, one.newTag(), random.nextInt(5), one.cmdSn(), one.expStatSn()));
  }

  private static void function(Initiator one, int function, Random random) throws IOException {
    manage(one, function, new Sent(random.nextInt(50), random.nextInt(50)), 0);
  }

  private static void manage(Initiator one, int function, Sent of, int expDataSn)
      throws IOException {
    one.socket()
        .send(
            new TaskManagementRequest(
                true,
                function,
                0,
                one.newTag(),
                of.tag(),
                one.cmdSn(),
                one.expStatSn(),
                of.cmdSn(),
                expDataSn));
  }
}
