// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.ra;

import dev.rootstock.boot.net.InterfaceSocket;
import dev.rootstock.boot.net.PacketSocket;
import dev.rootstock.boot.net.PacketSocket.Received;
import dev.rootstock.boot.net.PacketSocket.Traffic;
import dev.rootstock.boot.net.RateLimit;
import java.io.IOException;
import java.net.NetworkInterface;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers Router Solicitations on one interface, and advertises unasked now and then (RFC 4861
 * §6.2). iPXE configures IPv6 beside IPv4 and waits until some router has spoken; a router that
 * offers nothing is enough to end that, and changes nobody's routes.
 *
 * <p>Who has an address is answered by unicast and at once, which §6.2.6 allows: a delay would be
 * the machine's boot time. The answer is no longer than the question, on the same link.
 */
public final class RouterAdvertiser implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RouterAdvertiser.class);
  private static final int MAC = 6;

  /** ff02::1 as Ethernet has it (RFC 2464 §7). */
  private static final byte[] ALL_NODES_MAC = {0x33, 0x33, 0, 0, 0, 1};

  /** All routers, ff02::2, as Ethernet has it; next header ICMPv6, type Router Solicitation. */
  private static final Traffic SOLICITATIONS =
      new Traffic(
          0x86DD,
          List.of(
              List.of(0x30, 0, 0, Icmpv6.NEXT_HEADER_AT),
              List.of(0x15, 0, 3, Icmpv6.NEXT_HEADER),
              List.of(0x30, 0, 0, Icmpv6.HEADER),
              List.of(0x15, 0, 1, 133),
              List.of(0x06, 0, 0, Traffic.ALL),
              List.of(0x06, 0, 0, 0)),
          0x3333_0000_0002L);

  private final String interfaceName;
  private final byte[] mac;
  private final PacketSocket socket;
  private final RateLimit rate =
      new RateLimit(Limits.ANSWER_BURST, Limits.ANSWERS_PER_SECOND, System::nanoTime);
  private final Thread thread;
  private volatile boolean stopping;
  private boolean complained;

  private RouterAdvertiser(String interfaceName, byte[] mac, PacketSocket socket) {
    this.interfaceName = interfaceName;
    this.mac = mac;
    this.socket = socket;
    this.thread = Thread.ofPlatform().name("router-advertisements").daemon().unstarted(this::run);
  }

  /**
   * Starts to advertise.
   *
   * @throws IOException in one line that says what is missing: an Ethernet interface, or the
   *     capability CAP_NET_RAW
   */
  public static RouterAdvertiser start(String interfaceName) throws IOException {
    NetworkInterface found = InterfaceSocket.find(interfaceName);
    byte[] mac = found.getHardwareAddress();
    if (mac == null || mac.length != MAC) {
      throw new IOException(interfaceName + " is no Ethernet interface");
    }
    RouterAdvertiser advertiser =
        new RouterAdvertiser(
            interfaceName, mac, PacketSocket.open(found.getIndex(), SOLICITATIONS));
    advertiser.thread.start();
    return advertiser;
  }

  private void run() {
    Beats beats = new Beats(System.nanoTime());
    while (!stopping) {
      if (beats.isDue(System.nanoTime())) {
        beats.sent(System.nanoTime());
        advertise(RouterAdvertisement.allNodes(), ALL_NODES_MAC);
      }
      try {
        long left = beats.nanosLeft(System.nanoTime());
        Received received = socket.receive(TimeUnit.NANOSECONDS.toMillis(left) + 1);
        if (received != null) {
          answer(received, beats);
        }
      } catch (IOException e) {
        complain(e);
      }
    }
  }

  private void answer(Received received, Beats beats) {
    Optional<RouterSolicitation> solicitation = RouterSolicitation.parse(received.packet());
    if (solicitation.isEmpty() || !rate.tryTake()) {
      return;
    }
    if (solicitation.get().fromNobody()) {
      beats.asked(System.nanoTime());
    } else {
      advertise(solicitation.get().source().array(), received.mac().array());
    }
  }

  private void advertise(byte[] destination, byte[] destinationMac) {
    try {
      socket.send(RouterAdvertisement.packet(mac, destination), destinationMac);
    } catch (IOException e) {
      complain(e);
    }
  }

  private void complain(IOException e) {
    if (!complained) {
      complained = true;
      log.warn(
          "router advertisements on {} fail, so that iPXE waits for an IPv6 router: {}",
          interfaceName,
          e.getMessage());
    }
  }

  @Override
  public void close() {
    stopping = true;
    socket.wake();
    try {
      thread.join(Limits.STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!thread.isAlive()) {
      socket.close();
    }
  }
}
