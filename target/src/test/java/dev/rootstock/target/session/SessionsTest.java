// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Admission;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.OpenAdmission;
import dev.rootstock.target.Portal;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.Digests;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How sessions begin and end, without a network. */
class SessionsTest {
  private static final String TARGET = OpenAdmission.TARGET;
  private static final LogicalUnit UNIT =
      new LogicalUnit(0, new MemoryBlockDevice(4096), 0x3000_0000_0000_0001L, "SERIAL");

  private static final class Lease implements Admission.Lease {
    private final List<LogicalUnit> units;
    private final List<String> endings = new ArrayList<>();

    Lease(LogicalUnit... units) {
      this.units = List.of(units);
    }

    @Override
    public List<LogicalUnit> units() {
      return units;
    }

    @Override
    public long generation() {
      return 7;
    }

    @Override
    public void opened(TargetSession session) {}

    @Override
    public void ended(String why) {
      endings.add(why);
    }
  }

  private static final SessionParameters RECOVERING =
      new SessionParameters(1, 2, 3600, 20, SessionParameters.TaskReporting.RFC3720);

  /** What an embedded channel says when it has no timer. */
  private static final long NO_TIMER = -1;

  private final Sessions sessions =
      new Sessions(
          new OpenAdmission(),
          new MemoryBudget(1 << 20),
          new Portals(List.of(new Portal(new InetSocketAddress(0)))));
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Lease lease = new Lease(UNIT);

  @Test
  void aGrantThatIsOnItsWayIsRevoked() {
    Sessions.Question question = sessions.asks(TARGET);
    assertTrue(sessions.revoke(TARGET, 7, "test").toCompletableFuture().isDone());
    Session session = session(lease);
    sessions.granted(session, question);
    assertFalse(session.isGranted());
    assertEquals(1, lease.endings.size());
  }

  @Test
  void aGrantOfALaterBootIsNotRevoked() {
    Sessions.Question question = sessions.asks(TARGET);
    var _ = sessions.revoke(TARGET, 6, "test");
    var _ = sessions.revoke(TARGET + ":other", 9, "test");
    assertGranted(question);
  }

  @Test
  void aLoginThatIsDecidedAfterARevocationIsNone() {
    var _ = sessions.revoke(TARGET, 7, "test");
    assertGranted(sessions.asks(TARGET));
  }

  private void assertGranted(Sessions.Question question) {
    Session session = session(lease);
    sessions.granted(session, question);
    assertTrue(session.isGranted());
    assertEquals(List.of(), lease.endings);
  }

  @Test
  void nothingIsGrantedOnceTheServerStops() {
    Sessions.Question question = sessions.asks(TARGET);
    assertTrue(sessions.closeAll().toCompletableFuture().isDone());
    sessions.granted(session(lease), question);
    assertEquals(List.of("the server stops"), lease.endings);
  }

  @Test
  void aLeaseWhoseUnitsCannotBeServedIsGivenBack() {
    Lease twice = new Lease(UNIT, UNIT);
    Session session = session(twice);
    sessions.granted(session, sessions.asks(TARGET));
    open(session);
    assertFalse(session.isOpen());
    assertEquals(1, twice.endings.size());
    assertFalse(channel.isActive());
  }

  @Test
  void aDiscoverySessionHasItsTime() {
    channel.freezeTime();
    Session session = session(null);
    sessions.granted(session, null);
    open(session);
    channel.advanceTimeBy(Limits.DISCOVERY_MILLIS - 1, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
    assertTrue(session.isOpen());
    channel.advanceTimeBy(1, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
    assertFalse(session.isOpen());
    assertFalse(channel.isActive());
  }

  @Test
  void sessionsWithoutAConnectionAreBounded() {
    for (int i = 0; i < Limits.RETAINED_SESSIONS; i++) {
      assertTrue(sessions.retain());
    }
    assertFalse(sessions.retain());
    sessions.retained();
    assertTrue(sessions.retain());
  }

  /** §7.14; a ping of its own shows that an initiator can answer one. */
  @Test
  void aConnectionThatStaysSilentAfterAPingIsLost() {
    Session session = begun();
    channel.writeInbound(ping());
    channel.runPendingTasks();
    channel.releaseOutbound();
    pass(Limits.IDLE_MILLIS);
    assertTrue(channel.<ByteBuf>readOutbound().release());
    pass(Limits.PING_MILLIS - 1);
    assertTrue(session.isOpen());
    pass(1);
    assertFalse(session.isOpen());
    assertEquals(1, lease.endings.size());
  }

  @Test
  void aConnectionThatAnswersItsPingLives() {
    Session session = begun();
    channel.writeInbound(ping());
    for (int i = 0; i < 5; i++) {
      pass(Limits.IDLE_MILLIS);
      channel.writeInbound(ping());
      pass(Limits.PING_MILLIS);
    }
    assertTrue(session.isOpen());
    channel.releaseOutbound();
    var _ = session.close("the test is over");
    channel.releaseOutbound();
  }

  /** A timer would hold what it is for: many short sessions would add up. */
  @Test
  void nothingWaitsForTheTimeOfASessionThatHasEnded() {
    channel.freezeTime();
    Session session = session(null);
    sessions.granted(session, null);
    open(session);
    var _ = session.close("the test is over");
    channel.runPendingTasks();
    assertEquals(NO_TIMER, channel.runScheduledPendingTasks());
  }

  @Test
  void nothingWaitsToPingAConnectionThatIsClosed() {
    Session session = begun();
    channel.writeInbound(ping());
    channel.runPendingTasks();
    var _ = session.close("the test is over");
    channel.runPendingTasks();
    channel.releaseOutbound();
    assertEquals(NO_TIMER, channel.runScheduledPendingTasks());
  }

  /** Time2Wait is the initiator's, and may be an hour (RFC 7143 §13.15). */
  @Test
  void nothingWaitsToRecoverAConnectionOfASessionThatHasEnded() {
    channel.freezeTime();
    Session session = session(lease);
    sessions.granted(session, sessions.asks(TARGET));
    session.reserveTsih(1, RECOVERING);
    open(session);
    // To close an embedded channel would cancel every timer.
    channel.pipeline().fireChannelInactive();
    channel.runPendingTasks();
    assertTrue(session.isOpen());
    assertNotEquals(NO_TIMER, channel.runScheduledPendingTasks());
    var _ = session.close("the test is over");
    channel.runPendingTasks();
    assertFalse(session.isOpen());
    assertEquals(NO_TIMER, channel.runScheduledPendingTasks());
  }

  /** Firmware is silent for hours and cannot answer. */
  @Test
  void aConnectionThatNeverPingedMayBeSilent() {
    Session session = begun();
    pass(100 * Limits.IDLE_MILLIS);
    assertTrue(session.isOpen());
    assertNull(channel.readOutbound());
    var _ = session.close("the test is over");
  }

  private Session begun() {
    channel.freezeTime();
    Session session = session(lease);
    sessions.granted(session, sessions.asks(TARGET));
    open(session);
    return session;
  }

  private void pass(int millis) {
    channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
    channel.runScheduledPendingTasks();
    channel.runPendingTasks();
  }

  private static NopOut ping() {
    return new NopOut(true, 0, 7, Tag.NONE, 0, 1, Unpooled.EMPTY_BUFFER);
  }

  private Session session(@Nullable Lease lease) {
    return new Session(
        sessions,
        new SessionKey("iqn.2001-04.com.example:test", new Isid(1), TARGET, 1),
        channel.eventLoop(),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
        null,
        lease);
  }

  private void open(Session session) {
    channel
        .pipeline()
        .addLast(
            new FullFeatureHandler(
                session,
                0,
                1,
                new TransferParameters(8192, 8192, 8192, true, true, 1, true, 0, Digests.NONE)));
  }
}
