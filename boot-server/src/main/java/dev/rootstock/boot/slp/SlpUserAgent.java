// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for targets as a boot client does (RFC 2608 §6). Everybody is asked by multicast, with the
 * list of those that have answered, until a round brings nobody new; at the same time directory
 * agents are looked for, and asked one by one. An answer that was cut is asked for again over TCP.
 * For programs that may wait: every call takes seconds.
 */
public final class SlpUserAgent {
  private static final Logger log = LoggerFactory.getLogger(SlpUserAgent.class);
  private static final int PORT = 427;
  private static final Inet4Address GROUP = Inet4Address.ofLiteral("239.255.255.253");

  /** RFC 2608 §8: no list of responders makes a request longer than a datagram holds. */
  private static final int LEAST_ROOM = 64;

  private final int port;
  private final Timing timing;

  /**
   * How long to wait.
   *
   * @param first for answers to the first attempt; each further one waits twice as long (RFC 2608
   *     §6.3, CONFIG_RETRY)
   * @param all for one question (CONFIG_MC_MAX, CONFIG_RETRY_MAX)
   */
  record Timing(Duration first, Duration all) {
    /** The wait after that one: never more than for all. */
    Duration after(Duration wait) {
      Duration twice = wait.multipliedBy(2);
      return twice.compareTo(all) < 0 ? twice : all;
    }
  }

  public SlpUserAgent() {
    this(PORT, new Timing(Duration.ofSeconds(1), Duration.ofSeconds(10)));
  }

  SlpUserAgent(int port, Timing timing) {
    this.port = port;
    this.timing = timing;
  }

  /**
   * Asks everybody on a network.
   *
   * @param network where to ask
   * @return the targets, in the order in which they were heard of
   */
  public List<SlpFound> multicast(SlpQuestion question, NetworkInterface network)
      throws IOException {
    try (DatagramSocket socket = toEverybody(network)) {
      Convergence services = new Convergence(question, "service:iscsi:target");
      Convergence directories =
          new Convergence(new SlpQuestion(question.scopes(), ""), "service:directory-agent");
      Duration wait = timing.first();
      long end = System.nanoTime() + timing.all().toNanos();
      boolean news = true;
      // RFC 2608 §6.3: over and over while there is no answer, then until nobody new answers.
      while ((news || services.responders.isEmpty()) && millisUntil(end) > 0) {
        boolean servicesAsked = services.send(socket);
        boolean directoriesAsked = directories.send(socket);
        if (!servicesAsked && !directoriesAsked) {
          break;
        }
        news =
            listen(
                socket, services, directories, Math.min(end, System.nanoTime() + wait.toNanos()));
        wait = timing.after(wait);
      }
      Set<SlpFound> found = new LinkedHashSet<>(services.found());
      for (Inet4Address directory :
          directories.agents.stream().limit(Limits.ASKED_AGAIN).toList()) {
        try {
          found.addAll(unicast(question, new InetSocketAddress(directory, port)));
        } catch (IOException e) {
          // RFC 2608 §12.3: one that is gone, or has an error for us, is done without.
          log.debug("a directory agent is of no use: {}", e.getMessage());
        }
      }
      return List.copyOf(found);
    }
  }

  /** A socket whose multicast leaves by that network. */
  static DatagramSocket toEverybody(NetworkInterface network) throws IOException {
    DatagramSocket socket = new DatagramSocket();
    socket.setOption(StandardSocketOptions.IP_MULTICAST_IF, network);
    socket.setOption(StandardSocketOptions.IP_MULTICAST_TTL, Limits.MULTICAST_TTL);
    return socket;
  }

  /** Asks one agent, whose address is known. Silence is an {@link IOException}. */
  public List<SlpFound> unicast(SlpQuestion question, InetAddress agent) throws IOException {
    return unicast(question, new InetSocketAddress(agent, port));
  }

  private List<SlpFound> unicast(SlpQuestion question, InetSocketAddress agent) throws IOException {
    Convergence services = new Convergence(question, "service:iscsi:target");
    byte[] request = services.request(false);
    long end = System.nanoTime() + timing.all().toNanos();
    Duration wait = timing.first();
    try (DatagramSocket socket = new DatagramSocket()) {
      while (millisUntil(end) > 0) {
        socket.send(new DatagramPacket(request, request.length, agent));
        long until = Math.min(end, System.nanoTime() + wait.toNanos());
        for (Optional<DatagramPacket> heard = receive(socket, until);
            heard.isPresent();
            heard = receive(socket, until)) {
          Optional<SlpMessage> answer = services.own(heard.get());
          if (answer.isPresent() && heard.get().getAddress().equals(agent.getAddress())) {
            refuseError(answer.get().body(), agent);
            services.take(answer.get(), agent);
            return services.found();
          }
        }
        wait = timing.after(wait);
      }
    }
    throw new IOException("no SLP agent answers at " + agent.getAddress().getHostAddress());
  }

  private static void refuseError(SlpBody body, InetSocketAddress agent) throws IOException {
    if (body instanceof ServiceReply reply && reply.error() != 0) {
      String known =
          Arrays.stream(SlpError.values())
              .filter(each -> each.code() == reply.error())
              .map(each -> " (" + each + ")")
              .findFirst()
              .orElse("");
      throw new IOException(
          "the SLP agent at %s answers error %d%s"
              .formatted(agent.getAddress().getHostAddress(), reply.error(), known));
    }
  }

  /** Hears until then; whether somebody new answered. */
  private boolean listen(
      DatagramSocket socket, Convergence services, Convergence directories, long until)
      throws IOException {
    boolean news = false;
    for (Optional<DatagramPacket> heard = receive(socket, until);
        heard.isPresent();
        heard = receive(socket, until)) {
      if (heard.get().getSocketAddress() instanceof InetSocketAddress from) {
        for (Convergence each : List.of(services, directories)) {
          Optional<SlpMessage> answer = each.own(heard.get());
          news |= answer.isPresent() && each.take(answer.get(), from);
        }
      }
    }
    return news;
  }

  /** A socket waits for whole milliseconds: with less left there is nothing more to hear. */
  private static long millisUntil(long end) {
    return Duration.ofNanos(end - System.nanoTime()).toMillis();
  }

  private static Optional<DatagramPacket> receive(DatagramSocket socket, long until)
      throws IOException {
    long left = millisUntil(until);
    if (left <= 0) {
      return Optional.empty();
    }
    DatagramPacket packet = new DatagramPacket(new byte[Limits.DATAGRAM], Limits.DATAGRAM);
    try {
      socket.setSoTimeout((int) left);
      socket.receive(packet);
      return Optional.of(packet);
    } catch (SocketTimeoutException e) {
      return Optional.empty();
    }
  }

  /** One question, and what came of it so far. */
  private final class Convergence {
    private final SlpQuestion question;
    private final String type;
    private final int xid = ThreadLocalRandom.current().nextInt(1, 0x10000);
    private final Set<Inet4Address> responders = new LinkedHashSet<>();
    private final Set<String> urls = new LinkedHashSet<>();
    private final Set<Inet4Address> agents = new LinkedHashSet<>();
    private int askedAgain;

    Convergence(SlpQuestion question, String type) {
      this.question = question;
      this.type = type;
    }

    byte[] request(boolean multicast) {
      String previous =
          String.join(",", responders.stream().map(InetAddress::getHostAddress).toList());
      return new SlpMessage(
              multicast ? SlpHeader.REQUEST_MCAST : 0,
              xid,
              SlpHeader.ENGLISH,
              new ServiceRequest(
                  multicast ? previous : "",
                  type,
                  String.join(",", question.scopes()),
                  question.predicate(),
                  ""))
          .encode(Limits.STREAM_MESSAGE);
    }

    /** RFC 2608 §8.1: convergence stops when the list is too long for a datagram. */
    boolean send(DatagramSocket socket) throws IOException {
      byte[] request = request(true);
      if (request.length > Limits.MESSAGE - LEAST_ROOM && !responders.isEmpty()) {
        return false;
      }
      socket.send(new DatagramPacket(request, request.length, GROUP, port));
      return true;
    }

    /** The message, if it answers this question. */
    Optional<SlpMessage> own(DatagramPacket packet) {
      try {
        SlpMessage message =
            SlpMessage.read(ByteBuffer.wrap(Arrays.copyOf(packet.getData(), packet.getLength())));
        return message.xid() == xid && !message.body().function().isRequest()
            ? Optional.of(message)
            : Optional.empty();
      } catch (SlpException e) {
        return Optional.empty();
      }
    }

    /** Takes an answer; whether it is the first of that agent. */
    boolean take(SlpMessage message, InetSocketAddress from) {
      if (!(from.getAddress() instanceof Inet4Address agent)
          || responders.size() >= Limits.RESPONDERS
          || !responders.add(agent)) {
        return false;
      }
      SlpBody body =
          message.has(SlpHeader.OVERFLOW) ? whole(from).orElse(message.body()) : message.body();
      if (body instanceof ServiceReply reply) {
        reply.urls().stream()
            .limit(Limits.FOUND - urls.size())
            .forEach(each -> urls.add(each.url()));
      } else if (body instanceof DirectoryAdvert advert
          && advert.error() == 0
          && advert.bootTimestamp() != 0) {
        agents.add(agent);
      }
      return true;
    }

    /** RFC 2608 §6.1: what was cut comes whole over TCP; where that fails, what came is used. */
    private Optional<SlpBody> whole(InetSocketAddress agent) {
      if (++askedAgain > Limits.ASKED_AGAIN) {
        return Optional.empty();
      }
      try (Socket socket = new Socket()) {
        int patience = (int) timing.first().multipliedBy(2).toMillis();
        socket.connect(new InetSocketAddress(agent.getAddress(), port), patience);
        socket.setSoTimeout(patience);
        socket.getOutputStream().write(request(false));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] head = new byte[SlpHeader.LENGTH_AT + 3];
        in.readFully(head);
        int length = SlpHeader.uint24(ByteBuffer.wrap(head), SlpHeader.LENGTH_AT);
        if (length < SlpHeader.FIXED || length > Limits.STREAM_MESSAGE) {
          return Optional.empty();
        }
        byte[] message = Arrays.copyOf(head, length);
        in.readFully(message, head.length, length - head.length);
        SlpMessage answer = SlpMessage.read(ByteBuffer.wrap(message));
        return answer.xid() == xid ? Optional.of(answer.body()) : Optional.empty();
      } catch (IOException | SlpException e) {
        return Optional.empty();
      }
    }

    List<SlpFound> found() {
      List<SlpFound> found = new ArrayList<>();
      urls.forEach(url -> SlpFound.of(url).ifPresent(found::add));
      return found;
    }
  }
}
