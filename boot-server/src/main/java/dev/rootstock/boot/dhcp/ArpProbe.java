// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.PacketSocket;
import dev.rootstock.boot.net.PacketSocket.Received;
import dev.rootstock.boot.net.PacketSocket.Traffic;
import dev.rootstock.dhcp.HardwareAddress;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks by ARP on one link who has an address, as RFC 5227 §2.1.1 has it: with 0.0.0.0 for our own,
 * so that no cache on the link changes. Unlike a ping it is answered by machines behind a firewall
 * of their own, and fills no table of the kernel with addresses that nobody has.
 */
final class ArpProbe implements AddressProbe {
  private static final Logger log = LoggerFactory.getLogger(ArpProbe.class);
  private static final int MAC = 6;
  private static final byte[] BROADCAST = {-1, -1, -1, -1, -1, -1};

  // RFC 826: Ethernet, IPv4, lengths 6 and 4; then the operation.
  private static final byte[] HEAD = {0, 1, 8, 0, MAC, 4};
  private static final int OPERATION_AT = 6;
  private static final int SENDER_MAC_AT = 8;
  private static final int SENDER_ADDRESS_AT = 14;
  private static final int LENGTH = 28;
  private static final short REQUEST = 1;
  private static final short REPLY = 2;

  private static final Traffic REPLIES =
      new Traffic(
          0x0806,
          List.of(
              List.of(0x28, 0, 0, OPERATION_AT),
              List.of(0x15, 0, 1, (int) REPLY),
              List.of(0x06, 0, 0, Traffic.ALL),
              List.of(0x06, 0, 0, 0)),
          0);

  private final byte[] mac;
  private final PacketSocket socket;
  private final Thread thread;
  // Bounded by ConflictCheck, which asks for at most PROBES at once.
  private final ConcurrentHashMap<Inet4Address, Question> open = new ConcurrentHashMap<>();
  private final AtomicBoolean woken = new AtomicBoolean();
  private volatile boolean stopping;

  private static final class Question {
    final long asked = System.nanoTime();
    final CompletableFuture<Optional<String>> answer = new CompletableFuture<>();
    boolean sent;
    boolean again;
  }

  private ArpProbe(String interfaceName, byte[] mac, PacketSocket socket) {
    this.mac = mac;
    this.socket = socket;
    this.thread = Thread.ofPlatform().name("arp-" + interfaceName).daemon().unstarted(this::run);
  }

  /**
   * Starts to ask on an interface.
   *
   * @throws IOException in one line: no Ethernet, no capability CAP_NET_RAW
   */
  static ArpProbe start(NetworkInterface on) throws IOException {
    byte[] mac = on.getHardwareAddress();
    if (mac == null || mac.length != MAC) {
      throw new IOException(on.getName() + " is no Ethernet interface");
    }
    ArpProbe probe = new ArpProbe(on.getName(), mac, PacketSocket.open(on.getIndex(), REPLIES));
    probe.thread.start();
    return probe;
  }

  @Override
  public CompletableFuture<Optional<String>> look(DhcpSubnet subnet, Inet4Address address) {
    if (stopping) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    Question question = new Question();
    Question older = open.putIfAbsent(address, question);
    if (older != null) {
      return older.answer;
    }
    // The thread sends it: many machines that start together must not wait for each other's
    // question, nor for a wake-up each.
    if (woken.compareAndSet(false, true)) {
      socket.wake();
    }
    return question.answer;
  }

  private void ask(Inet4Address address, Question question) {
    try {
      socket.send(request(address), BROADCAST);
    } catch (IOException e) {
      log.debug("no ARP for {}: {}", address.getHostAddress(), e.getMessage());
      finish(address, question, Optional.empty());
    }
  }

  private byte[] request(Inet4Address address) {
    return ByteBuffer.allocate(LENGTH)
        .put(HEAD)
        .putShort(REQUEST)
        .put(mac)
        .putInt(0)
        .put(new byte[MAC])
        .put(address.getAddress())
        .array();
  }

  private void run() {
    while (!stopping) {
      try {
        Received received = socket.receive(untilNext());
        if (received != null) {
          answered(received.packet());
        }
      } catch (IOException e) {
        log.debug("no ARP came in: {}", e.getMessage());
      }
      woken.set(false); // before it is looked what there is: whoever comes later wakes again
      open.forEach(this::age);
    }
    open.forEach((address, question) -> finish(address, question, Optional.empty()));
  }

  private void answered(ByteBuffer packet) {
    Sender sender = sender(packet);
    Question question = sender == null ? null : open.get(sender.address());
    if (sender != null && question != null && !sender.card().equals(text(mac))) {
      finish(sender.address(), question, Optional.of(sender.card()));
    }
  }

  /** Who says to have an address. */
  private record Sender(Inet4Address address, String card) {}

  /** As {@link HardwareAddress#text} has it. */
  private static String text(byte[] card) {
    return HardwareAddress.ethernet(HexFormat.ofDelimiter(":").formatHex(card)).text();
  }

  private static @Nullable Sender sender(ByteBuffer packet) {
    if (packet.remaining() < LENGTH || packet.getShort(OPERATION_AT) != REPLY) {
      return null;
    }
    byte[] head = new byte[HEAD.length];
    packet.get(0, head);
    if (!Arrays.equals(head, HEAD)) {
      return null;
    }
    byte[] card = new byte[MAC];
    packet.get(SENDER_MAC_AT, card);
    return new Sender(
        AddressRange.address(packet.getInt(SENDER_ADDRESS_AT) & 0xFFFF_FFFFL), text(card));
  }

  private void age(Inet4Address address, Question question) {
    long age = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - question.asked);
    if (!question.sent) {
      question.sent = true;
      ask(address, question);
    } else if (age >= Limits.PROBE_MILLIS) {
      finish(address, question, Optional.empty());
    } else if (age >= Limits.PROBE_AGAIN_MILLIS && !question.again) {
      question.again = true; // the first one may have been lost
      ask(address, question);
    }
  }

  private long untilNext() {
    long next = Long.MAX_VALUE;
    for (Question each : open.values()) {
      long age = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - each.asked);
      next =
          Math.min(next, (each.again ? Limits.PROBE_MILLIS : Limits.PROBE_AGAIN_MILLIS) - age + 1);
    }
    return next;
  }

  private void finish(Inet4Address address, Question question, Optional<String> who) {
    open.remove(address, question);
    question.answer.complete(who);
  }

  @Override
  public void close() {
    stopping = true;
    socket.wake();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(Limits.SOCKET_SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!thread.isAlive()) {
      socket.close();
    }
  }
}
