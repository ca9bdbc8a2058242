// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import dev.rootstock.boot.files.BootFile;
import dev.rootstock.boot.files.BootFiles;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.net.RateLimit;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands boot files out (RFC 1350), with the options of RFC 2347 to 2349 and 7440. It reads requests
 * on one thread and gives each transfer a virtual thread and a socket. Writing is refused.
 *
 * <p>UDP lets anybody ask in another's name. So only addresses of our own networks are answered, an
 * address gets few transfers at once, and what is sent to one that has not answered is bounded for
 * each request and in all.
 */
public final class TftpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TftpServer.class);

  private final DatagramSocket socket;
  private final BootFiles files;
  private final Predicate<InetAddress> served;
  private final TransferListener listener;
  private final RateLimit first =
      new RateLimit(Limits.FIRST_BURST, Limits.FIRST_PER_SECOND, System::nanoTime);
  private final RateLimit errors =
      new RateLimit(Limits.ERROR_BURST, Limits.ERRORS_PER_SECOND, System::nanoTime);
  private final OnceLog once =
      new OnceLog(
          log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, System::nanoTime);

  /** What is being transferred, added by the one thread that checks the bound. */
  private final Set<Asked> clients = ConcurrentHashMap.newKeySet();

  private final Set<DatagramSocket> transfers = ConcurrentHashMap.newKeySet();
  private final Thread thread;
  private volatile boolean stopping;

  /** A request. Some ROMs ask for a size, and then from the same port for the file. */
  private record Asked(InetSocketAddress client, TftpPacket.Read read) {}

  /** Is told of what clients have fetched, on any thread; must not block. */
  @FunctionalInterface
  public interface TransferListener {
    /**
     * A client has all of a file.
     *
     * @param bytes its size
     */
    void fetched(InetAddress client, String file, long bytes);
  }

  private TftpServer(
      DatagramSocket socket,
      BootFiles files,
      Predicate<InetAddress> served,
      TransferListener listener) {
    this.socket = socket;
    this.files = files;
    this.served = served;
    this.listener = listener;
    this.thread = Thread.ofPlatform().name("tftp").daemon().unstarted(this::listen);
  }

  /**
   * Starts to serve.
   *
   * @param address where; clients reach us by it, and it is never the wildcard address, since
   *     answers come from it
   * @param served whom
   * @throws IOException in one line that says what to do
   */
  public static TftpServer start(
      InetSocketAddress address,
      BootFiles files,
      Predicate<InetAddress> served,
      TransferListener listener)
      throws IOException {
    DatagramSocket socket;
    try {
      socket = new DatagramSocket(address);
      // Java has it on. A forged request must not make us send to everybody.
      socket.setOption(StandardSocketOptions.SO_BROADCAST, false);
      socket.setReceiveBufferSize(Limits.RECEIVE_BUFFER);
    } catch (BindException e) {
      throw new IOException(
          "TFTP cannot use UDP port %d of %s: %s; 'ss -ulpn' shows who has it, and ports below 1024 need root or CAP_NET_BIND_SERVICE; 'tftp: { enabled: false }' switches TFTP off"
              .formatted(address.getPort(), address.getAddress().getHostAddress(), e.getMessage()),
          e);
    }
    TftpServer server = new TftpServer(socket, files, served, listener);
    server.thread.start();
    return server;
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort());
  }

  /** How many transfers have been asked for and have not ended. */
  int underWay() {
    return clients.size();
  }

  private void listen() {
    byte[] bytes = new byte[Limits.REQUEST + 1];
    while (!stopping) {
      DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
      try {
        socket.receive(packet);
        request(packet);
      } catch (IOException | RuntimeException e) {
        if (!stopping) {
          warn("TFTP: a packet could not be handled: " + e);
        }
      }
    }
  }

  private void request(DatagramPacket packet) throws IOException {
    if (!(packet.getSocketAddress() instanceof InetSocketAddress client)
        || client.getPort() == 0
        || !served.test(client.getAddress())) {
      warn("TFTP: " + packet.getAddress().getHostAddress() + " is on no network of ours");
      return;
    }
    try {
      switch (TftpPacket.parse(ByteBuffer.wrap(packet.getData(), 0, packet.getLength()))) {
        case TftpPacket.Read read -> read(read, client);
        case TftpPacket.Write _ ->
            refuse(client, TftpError.ACCESS_VIOLATION, "nothing is written here");
        case TftpPacket.Ack _, TftpPacket.Failure _ -> {} // answering would make two servers talk
      }
    } catch (MalformedTftpException e) {
      log.debug("TFTP: ignored from {}: {}", client, e.getMessage());
    }
  }

  private void read(TftpPacket.Read read, InetSocketAddress client) throws IOException {
    if (!read.mode().equals("octet")) {
      refuse(client, TftpError.ILLEGAL_OPERATION, "only mode octet (binary) is served");
      return;
    }
    Asked asked = new Asked(client, read);
    if (clients.contains(asked)) {
      return; // the same request once more: its transfer repeats by itself
    }
    if (clients.size() >= Limits.TRANSFERS || toOne(client) >= Limits.TRANSFERS_TO_ONE) {
      refuse(client, TftpError.NOT_DEFINED, "too many transfers: try again");
      return;
    }
    if (!first.tryTake()) {
      return;
    }
    clients.add(asked);
    Thread.ofVirtual().name("tftp " + client).start(() -> transfer(asked));
  }

  private long toOne(InetSocketAddress client) {
    return clients.stream()
        .filter(each -> each.client().getAddress().equals(client.getAddress()))
        .count();
  }

  private void transfer(Asked asked) {
    TftpPacket.Read read = asked.read();
    InetSocketAddress client = asked.client();
    try (DatagramSocket own =
            new DatagramSocket(new InetSocketAddress(socket.getLocalAddress(), 0));
        BootFile file = files.open(read.file())) {
      transfers.add(own);
      try {
        if (stopping) {
          return;
        }
        own.setOption(StandardSocketOptions.SO_BROADCAST, false);
        own.connect(client);
        TftpOptions options = TftpOptions.negotiate(read.options(), file.size());
        ended(read, client, file.size(), new TftpTransfer(own, file, options).run());
      } finally {
        transfers.remove(own);
      }
    } catch (NoSuchFileException e) {
      missing(read, client);
    } catch (PortUnreachableException e) {
      log.debug("TFTP: {} is gone", client);
    } catch (IOException | RuntimeException e) {
      if (!stopping) {
        log.warn("TFTP: a transfer to {} failed: {}", client.getAddress(), e.toString());
      }
    } finally {
      clients.remove(asked);
    }
  }

  private void ended(
      TftpPacket.Read read, InetSocketAddress client, long bytes, TftpTransfer.End end) {
    switch (end) {
      case DONE -> listener.fetched(client.getAddress(), shown(read.file()), bytes);
      case CLIENT_ENDED -> log.debug("TFTP: {} ended {}", client, shown(read.file()));
      case LOST -> log.debug("TFTP: {} no longer answers", client);
    }
  }

  private void missing(TftpPacket.Read read, InetSocketAddress client) {
    try {
      refuse(client, TftpError.FILE_NOT_FOUND, "no such file");
    } catch (IOException e) {
      log.debug("TFTP: no refusal to {}: {}", client, e.getMessage());
    }
    warn(
        "TFTP: %s asks for %s, which is no file of the boot files' folder"
            .formatted(client.getAddress().getHostAddress(), shown(read.file())));
  }

  /** RFC 1350 §4 would have it sent from a new port; clients take it from this one as well. */
  private void refuse(InetSocketAddress client, TftpError error, String why) throws IOException {
    synchronized (errors) {
      if (!errors.tryTake()) {
        return;
      }
    }
    byte[] packet = TftpPacket.error(error, why);
    socket.send(new DatagramPacket(packet, packet.length, client));
  }

  private void warn(String line) {
    synchronized (once) {
      once.warn(line);
    }
  }

  private static String shown(String name) {
    return name.replaceAll("[^ -~]", "?");
  }

  /** Ends all transfers; nothing is answered afterwards. */
  @Override
  public void close() {
    stopping = true;
    socket.close();
    transfers.forEach(DatagramSocket::close);
    try {
      thread.join(Limits.STOP_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
