// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.LogoutResponse;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * What initiators are told without having asked (RFC 7143 §11.9); never those that may be firmware,
 * which drops its connection at any PDU that it does not know.
 */
class AsyncMessageTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);

  private static AsyncMessage message(Initiator initiator) throws IOException {
    return assertInstanceOf(AsyncMessage.class, initiator.receive());
  }

  @Test
  void oneThatHasPingedIsToldThatItsSessionIsDropped() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      initiator.ping(new byte[0]);
      int next = initiator.expStatSn();
      TestServer.get(server.target().revoke(OpenAdmission.TARGET, 1, "a new boot"));
      AsyncMessage message = message(initiator);
      assertEquals(AsyncMessage.SESSION_DROPPED, message.event());
      assertEquals(2, message.parameter2());
      // Nothing is kept.
      assertEquals(0, message.parameter3());
      // §11.9: it is numbered as a response.
      assertEquals(next, message.statSn());
      assertTrue(initiator.socket().atEnd());
    }
  }

  /** §11.9.1: which connection it is, and when its tasks may be reassigned. */
  @Test
  void oneThatHasPingedIsToldWhichConnectionIsDropped() throws Exception {
    LoginOptions options =
        TestServer.options()
            .with("MaxConnections", "2")
            .with("ErrorRecoveryLevel", "2")
            .with("DefaultTime2Wait", "3")
            .with("DefaultTime2Retain", "10");
    try (TestServer server = TestServer.of(disk)) {
      Initiator one = server.login(options);
      Initiator two = server.join(one, 1);
      one.ping(new byte[0]);
      two.socket().reset();
      AsyncMessage message = message(one);
      assertEquals(AsyncMessage.CONNECTION_DROPPED, message.event());
      assertEquals(1, message.parameter1());
      assertEquals(3, message.parameter2());
      assertEquals(10, message.parameter3());
    }
  }

  @Test
  void oneThatHasNotPingedIsToldNothing() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      TestServer.get(server.target().revoke(OpenAdmission.TARGET, 1, "a new boot"));
      assertTrue(initiator.socket().atEnd());
    }
  }

  @Test
  void drainAsksThoseThatPingToLogOutAndClosesTheOthers() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator system = server.login(TestServer.options().with("MaxConnections", "2"));
      Initiator second = server.join(system, 1);
      system.ping(new byte[0]);
      second.ping(new byte[0]);
      Initiator firmware = server.login(TestServer.options().withIsid(new Isid(2)));
      var drained = server.target().drain(60).toCompletableFuture();
      assertTrue(firmware.socket().atEnd());
      assertEquals(AsyncMessage.LOGOUT_REQUEST, message(second).event());
      AsyncMessage message = message(system);
      assertEquals(AsyncMessage.LOGOUT_REQUEST, message.event());
      assertEquals(60, message.parameter3());
      // It goes on until it has logged out, and nobody else comes.
      assertTrue(system.readBlocks(0, 0, 1).good());
      assertThrows(IOException.class, server::connect);
      assertFalse(drained.isDone());
      assertEquals(LogoutResponse.CLOSED, system.logout());
      TestServer.get(drained);
    }
  }

  /** §11.9.1: one that does not do what it has to is dropped, and told so. */
  @Test
  void drainDropsThoseThatDoNotLogOut() throws Exception {
    try (TestServer server = TestServer.of(disk)) {
      Initiator initiator = server.login();
      initiator.ping(new byte[0]);
      var drained = server.target().drain(1);
      assertEquals(AsyncMessage.LOGOUT_REQUEST, message(initiator).event());
      assertEquals(AsyncMessage.SESSION_DROPPED, message(initiator).event());
      assertTrue(initiator.socket().atEnd());
      TestServer.get(drained);
    }
  }
}
