// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.pdu.TaskManagementResponse.COMPLETE;
import static dev.rootstock.target.pdu.TaskManagementResponse.NO_SUCH_TASK;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.TargetSession.Liveness;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * Connections that are lost or logged out while reads and writes are in flight, and how long what
 * they leave is kept (RFC 7143 §7.1.4.3, §7.5, §11.14).
 */
class ConnectionRecoveryTest extends RecoverableSession {
  private static final String CLEARED_BY_PROTOCOL = "06/47/7f";

  /** §13.15, §13.16, §13.20. */
  @Test
  void levelTwoAndItsTimesAreNegotiated() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator two = server.login(LEVEL_2);
      assertEquals("2", two.agreed().get("ErrorRecoveryLevel"));
      assertEquals(Integer.toString(Limits.RETAIN_SECONDS), two.agreed().get("DefaultTime2Retain"));
      Initiator one = server.login(LEVEL_1.with("DefaultTime2Retain", "60").withIsid(new Isid(2)));
      assertEquals("1", one.agreed().get("ErrorRecoveryLevel"));
      assertEquals("0", one.agreed().get("DefaultTime2Retain"));
    }
  }

  /** §11.14: a connection may be given up while it lives; after the answer it is silent. */
  @Test
  void aLivingConnectionIsRemovedForRecovery() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      assertEquals(
          LogoutResponse.CLOSED, two.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
      slow.letOne();
      assertTrue(two.socket().atEnd());
      assertEquals(COMPLETE, one.reassign(read.itt(), 0));
      assertTrue(one.await(read.itt(), new byte[0]).good());
      assertEquals(
          LogoutResponse.CID_NOT_FOUND,
          one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
    }
  }

  /** §6.3.4: at level 2 the login of the same CID logs the old connection out for recovery. */
  @Test
  void theOnlyConnectionIsReinstatedAndItsTasksGoOn() throws Exception {
    byte[] content = random(4096);
    try (TestServer server = TestServer.of(slow)) {
      disk.fill(0, content);
      Initiator one = server.login(LEVEL_2);
      ScsiCommand read = read(one, 8);
      slow.awaitHeld(1);
      one.socket().reset();
      Initiator again = server.join(one, 0);
      assertEquals(one.tsih(), again.tsih());
      assertEquals(COMPLETE, again.reassign(read.itt(), 0));
      slow.letOne();
      assertArrayEquals(content, again.await(read.itt(), new byte[0]).data());
      assertEquals(0, server.admission().leases().getFirst().endings().size());
    }
  }

  /** §7.14: immediate commands go with their connection; §11.14.5: and that is told. */
  @Test
  void immediateCommandsAreNotRecovered() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      byte[] cdb = Initiator.cdb16(0x88, 0, 8);
      ByteBuffer field = ByteBuffer.wrap(cdb);
      ScsiCommand read =
          new ScsiCommand(
              true,
              true,
              true,
              false,
              ScsiCommand.SIMPLE,
              0,
              two.newTag(),
              4096,
              two.cmdSn(),
              two.expStatSn(),
              field.getLong(),
              field.getLong(),
              Ahs.NONE,
              Unpooled.EMPTY_BUFFER);
      two.socket().send(read);
      slow.awaitHeld(1);
      loseAndLogOut(two, one);
      slow.holdNothing();
      slow.letAll();
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }

  /** §13.16: after that time nobody can count on anything any more. */
  @Test
  void tasksThatAreNotReassignedInTimeAreTerminated() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2.with("DefaultTime2Retain", "1"));
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      two.socket().reset();
      one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1);
      TestServer.await(
          "the task is terminated",
          () -> {
            try {
              return CLEARED_BY_PROTOCOL.equals(one.read(0, new byte[6], 0).senseCode());
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          });
      slow.letAll();
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }

  /** §6.3.5: a session without connections is kept for its time, and then ends once. */
  @Test
  void aSessionThatNobodyComesBackToEnds() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2.with("DefaultTime2Retain", "1"));
      read(one, 8);
      slow.awaitHeld(1);
      OpenAdmission.TestLease lease = server.admission().leases().getFirst();
      TargetSession session = TestServer.get(lease.opened());
      one.socket().reset();
      TestServer.await("it is dead", () -> isDead(session));
      assertFalse(lease.ended().isDone());
      slow.letAll();
      TestServer.get(lease.ended());
      assertEquals(0, server.target().sessions(OpenAdmission.TARGET).size());
    }
  }

  private static boolean isDead(TargetSession session) {
    return session.probe(Duration.ofMillis(1)).toCompletableFuture().join() == Liveness.DEAD;
  }

  /**
   * §6.3.6: its tasks wait for reassignment, and a revocation waits for what the device has begun.
   */
  @Test
  void aSessionThatIsKeptIsRevoked() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      read(one, 8);
      slow.awaitHeld(1);
      TargetSession session = TestServer.get(server.admission().leases().getFirst().opened());
      one.socket().reset();
      TestServer.await("it is dead", () -> isDead(session));
      assertEquals(1, server.target().sessions(OpenAdmission.TARGET).size());
      var revoked =
          server.target().revoke(OpenAdmission.TARGET, 1, "a new boot").toCompletableFuture();
      assertFalse(revoked.isDone());
      slow.letOne();
      TestServer.get(revoked);
    }
  }

  /** §6.3.5: a login without a TSIH takes the place of a session that is kept. */
  @Test
  void aSessionThatIsKeptIsReinstated() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(LEVEL_2);
      one.socket().reset();
      assertTrue(server.login(LEVEL_2).readBlocks(0, 0, 1).good());
      TestServer.get(server.admission().leases().getFirst().ended());
    }
  }

  /** §7.1.5: below level 2 there is nothing to take over, but the session goes on. */
  @Test
  void atLevelOneTheTasksOfALostConnectionAreTerminated() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_1);
      one.ping(new byte[0]);
      Initiator two = server.join(one, 1);
      read(two, 8);
      slow.awaitHeld(1);
      two.socket().reset();
      // §7.1.4.3: another connection is told.
      AsyncMessage message = assertInstanceOf(AsyncMessage.class, one.receive());
      assertEquals(AsyncMessage.CONNECTION_DROPPED, message.event());
      assertEquals(1, message.parameter1());
      slow.holdNothing();
      slow.letAll();
      assertEquals(CLEARED_BY_PROTOCOL, one.readBlocks(0, 0, 1).senseCode());
      assertEquals(
          LogoutResponse.RECOVERY_NOT_SUPPORTED,
          one.logout(LogoutRequest.REMOVE_FOR_RECOVERY, 1).response());
      assertEquals(LogoutResponse.CLOSED, one.logout(LogoutRequest.CLOSE_CONNECTION, 1).response());
      assertTrue(server.join(one, 1).readBlocks(0, 0, 1).good());
    }
  }

  /** §11.14: with "close the connection" there is nothing to reassign at any level. */
  @Test
  void tasksOfAConnectionThatWasClosedAreNotReassigned() throws Exception {
    try (TestServer server = TestServer.of(slow)) {
      Initiator one = server.login(LEVEL_2);
      Initiator two = server.join(one, 1);
      ScsiCommand read = read(two, 8);
      slow.awaitHeld(1);
      two.socket().reset();
      slow.holdNothing();
      slow.letAll();
      one.logout(LogoutRequest.CLOSE_CONNECTION, 1);
      assertEquals(NO_SUCH_TASK, one.reassign(read.itt(), 0));
    }
  }
}
