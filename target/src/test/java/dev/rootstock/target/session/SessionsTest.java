// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Admission;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.OpenAdmission;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.command.TransferParameters;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
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

  private final Sessions sessions = new Sessions(new OpenAdmission(), new MemoryBudget(1 << 20));
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

  private Session session(@Nullable Lease lease) {
    return new Session(
        sessions,
        new SessionKey("iqn.2001-04.com.example:test", new Isid(1), TARGET),
        channel.eventLoop(),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
        lease);
  }

  private void open(Session session) {
    channel
        .pipeline()
        .addLast(
            new FullFeatureHandler(
                session, 0, 1, new TransferParameters(8192, 8192, 8192, true, true)));
  }
}
