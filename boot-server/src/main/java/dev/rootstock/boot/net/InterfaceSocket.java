// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.RawUnixChannelOption;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A UDP socket of one network interface: it hears only what comes in there, and what it sends
 * leaves there, a broadcast to 255.255.255.255 included. That takes SO_BINDTODEVICE, and so Linux
 * and Netty's epoll transport.
 *
 * <p>SO_REUSEADDR is left off on purpose. Sockets of different interfaces do not collide, and
 * without it a second server on the same interface is an error that somebody sees, instead of two
 * servers that take each other's packets.
 */
public final class InterfaceSocket {
  // socket(7): SOL_SOCKET, SO_BINDTODEVICE; IFNAMSIZ.
  private static final int NAME_SIZE = 16;
  private static final RawUnixChannelOption BIND_TO_DEVICE =
      new RawUnixChannelOption("SO_BINDTODEVICE", 1, 25, NAME_SIZE);

  // Past net.core.rmem_max, which is 208 KiB and holds some 270 requests: a rack that is switched
  // on sends more while we wait for a disk or for the processor.
  private static final RawUnixChannelOption FORCED_RECEIVE_BUFFER =
      new RawUnixChannelOption("SO_RCVBUFFORCE", 1, 33, Integer.BYTES);

  /** Bytes of datagrams that may wait to be read. */
  private static final int RECEIVE_BUFFER = 4 << 20;

  /** How long a service that starts waits for its interface. */
  private static final int LINK_MILLIS = 5_000;

  private static final int LINK_POLL_MILLIS = 50;

  private static final int EPERM = 1;
  private static final int EACCES = 13;
  private static final int EADDRINUSE = 98;
  private static final int EADDRNOTAVAIL = 99;

  private InterfaceSocket() {}

  /**
   * A group of one event loop for such sockets.
   *
   * @throws IOException saying why, where epoll is not available
   */
  public static IoEventLoopGroup newEventLoop(String service) throws IOException {
    if (!Epoll.isAvailable()) {
      throw new IOException(
          service
              + " needs Linux with Netty's epoll transport, which is not available here ("
              + Epoll.unavailabilityCause()
              + "): switch "
              + service
              + " off in the configuration");
    }
    return new MultiThreadIoEventLoopGroup(
        1,
        Thread.ofPlatform().name(service.toLowerCase(Locale.ROOT)).daemon().factory(),
        EpollIoHandler.newFactory());
  }

  /**
   * Finds an interface that is there and up, which a bridge is only some time after its first port:
   * waits for that for {@link #LINK_MILLIS}.
   *
   * @throws IOException naming the interfaces that there are
   */
  public static NetworkInterface find(String name) throws IOException {
    long begin = System.nanoTime();
    while (true) {
      NetworkInterface found = NetworkInterface.getByName(name);
      if (found == null) {
        throw new IOException(
            "there is no network interface " + name + "; choose one of " + interfaces());
      }
      if (found.isUp()) {
        return found;
      }
      if (System.nanoTime() - begin > LINK_MILLIS * 1_000_000L) {
        throw new IOException(
            "the network interface "
                + name
                + " is down or has no link: 'ip link set "
                + name
                + " up' starts it; a bridge needs a port that is up");
      }
      try {
        Thread.sleep(LINK_POLL_MILLIS);
      } catch (InterruptedException ended) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while " + name + " was waited for");
      }
    }
  }

  /**
   * Opens a socket and waits until it is bound.
   *
   * @param service what it is for, for messages
   * @param interfaceName an interface that {@link #find} found
   * @param address what it binds to
   * @param port 1 to 65535, or 0 for any
   * @param datagram the longest datagram that is read, in bytes; the rest of a longer one is lost
   * @throws IOException in one line, with what to do
   */
  public static EpollDatagramChannel open(
      EventLoopGroup loop,
      String service,
      String interfaceName,
      Inet4Address address,
      int port,
      int datagram,
      ChannelHandler handler)
      throws IOException {
    EpollDatagramChannel channel = new EpollDatagramChannel(SocketProtocolFamily.INET);
    try {
      await(loop.register(channel));
      channel.config().setOption(BIND_TO_DEVICE, deviceName(interfaceName));
      channel.config().setOption(ChannelOption.SO_BROADCAST, true);
      widen(channel);
      channel
          .config()
          .setOption(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(datagram));
      channel.pipeline().addLast(handler);
      await(channel.bind(new InetSocketAddress(address, port)));
      return channel;
    } catch (Exception e) {
      channel.close().awaitUninterruptibly();
      throw new IOException(explain(e, service, interfaceName, address, port), e);
    }
  }

  /** As far as we may: all of it takes CAP_NET_ADMIN, and without it a part is better than none. */
  private static void widen(EpollDatagramChannel channel) {
    ByteBuffer size = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
    size.putInt(RECEIVE_BUFFER).flip();
    try {
      channel.config().setOption(FORCED_RECEIVE_BUFFER, size);
    } catch (ChannelException notPermitted) {
      channel.config().setOption(ChannelOption.SO_RCVBUF, RECEIVE_BUFFER);
    }
  }

  private static void await(ChannelFuture future) throws Exception {
    future.await();
    if (future.cause() instanceof Exception e) {
      throw e;
    }
  }

  private static ByteBuffer deviceName(String name) {
    ByteBuffer value = ByteBuffer.allocateDirect(NAME_SIZE);
    value.put(name.getBytes(StandardCharsets.US_ASCII)).position(0);
    return value;
  }

  private static String explain(
      Exception e, String service, String interfaceName, Inet4Address address, int port) {
    String where =
        service
            + " cannot use UDP port "
            + port
            + " of "
            + address.getHostAddress()
            + " on "
            + interfaceName
            + ": ";
    Throwable cause = e;
    while (cause.getCause() != null && !(cause instanceof NativeIoException)) {
      cause = cause.getCause();
    }
    if (cause instanceof NativeIoException known) {
      return where
          + switch (-known.expectedErr()) {
            case EADDRINUSE ->
                "another program has it ('ss -ulpn sport = :"
                    + port
                    + "' shows which); stop that"
                    + " one, or switch "
                    + service
                    + " off in the configuration";
            case EACCES, EPERM ->
                "permission denied; run as root, or with the capability CAP_NET_BIND_SERVICE";
            case EADDRNOTAVAIL -> "the interface does not have that address; give it one";
            default -> known.getMessage();
          };
    }
    return where + e.getMessage();
  }

  private static String interfaces() throws IOException {
    return Collections.list(NetworkInterface.getNetworkInterfaces()).stream()
        .map(NetworkInterface::getName)
        .sorted()
        .collect(Collectors.joining(", "));
  }
}
