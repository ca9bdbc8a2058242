// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryGauge;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who still gets a connection, of how many. */
class DoorkeeperTest {
  private final AtomicLong used = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();
  private final Doorkeeper doorkeeper =
      new Doorkeeper(new MemoryGauge(used::get, 1000, nanos::get));
  private final List<EmbeddedChannel> channels = new ArrayList<>();
  private final List<Runnable> logins = new ArrayList<>();

  private static final class From extends EmbeddedChannel {
    private final SocketAddress remote;

    From(int host) {
      try {
        byte[] address = ByteBuffer.allocate(4).putInt(10 << 24 | host).array();
        remote = new InetSocketAddress(InetAddress.getByAddress(address), 40000);
      } catch (UnknownHostException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public SocketAddress remoteAddress() {
      return remote;
    }
  }

  private boolean comes(int host) {
    EmbeddedChannel channel = new From(host);
    Optional<Runnable> place = doorkeeper.admit(channel);
    if (place.isPresent()) {
      channels.add(channel);
      logins.add(place.get());
    }
    return place.isPresent();
  }

  private void goes() {
    var _ = channels.removeLast().close();
    logins.removeLast();
  }

  @Test
  void strangersOfOneAddressAreLimited() {
    for (int i = 0; i < Limits.CONNECTIONS_BEFORE_LOGIN_BY_ADDRESS; i++) {
      assertTrue(comes(1));
    }
    assertFalse(comes(1));
    assertTrue(comes(2));
    // One that logs in is no stranger any more, and neither is one that goes.
    logins.getFirst().run();
    assertTrue(comes(1));
    assertFalse(comes(1));
    goes();
    assertTrue(comes(1));
    assertFalse(comes(1));
  }

  @Test
  void strangersOfAllAddressesAreLimited() {
    for (int i = 0; i < Limits.CONNECTIONS_BEFORE_LOGIN; i++) {
      assertTrue(comes(i));
    }
    assertFalse(comes(9000));
    goes();
    assertTrue(comes(9000));
    assertFalse(comes(9001));
    logins.getFirst().run();
    assertTrue(comes(9001));
    assertFalse(comes(9002));
  }

  @Test
  void connectionsAreLimitedInAll() {
    for (int i = 0; i < Limits.CONNECTIONS; i++) {
      assertTrue(comes(i));
      logins.getLast().run();
    }
    assertFalse(comes(9000));
    goes();
    assertTrue(comes(9000));
    assertFalse(comes(9001));
  }

  /** A place is given back once, however a connection ends. */
  @Test
  void aPlaceIsGivenBackOnce() {
    assertTrue(comes(1));
    logins.getFirst().run();
    logins.getFirst().run();
    goes();
    for (int i = 0; i < Limits.CONNECTIONS_BEFORE_LOGIN_BY_ADDRESS; i++) {
      assertTrue(comes(1));
    }
    assertFalse(comes(1));
  }

  @Test
  void nobodyNewIsLetInWhileMemoryIsTight() {
    used.set(1001);
    assertFalse(comes(1));
    used.set(1000);
    nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(Limits.MEMORY_CHECK_MILLIS));
    assertTrue(comes(1));
  }
}
