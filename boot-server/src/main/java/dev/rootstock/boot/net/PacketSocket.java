// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A packet(7) socket of one Ethernet interface, for whole packets of one protocol: for what Java
 * and Netty do not speak, ICMPv6 and ARP, and where the kernel itself speaks no IPv6. A filter in
 * the kernel lets through what is wanted and nothing else. Linux on x86_64 and aarch64, where the
 * constants are the same. {@link #receive} is for one thread; {@link #wake} and {@link #send} for
 * any.
 */
public final class PacketSocket implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 02000000;

  /** The longest packet that is read, in bytes; the rest of a longer one is lost. */
  private static final int PACKET = 1_500;

  private static final int SOL_SOCKET = 1;
  private static final int SO_ATTACH_FILTER = 26;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final short PACKET_MR_MULTICAST = 0;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int EFD_CLOEXEC_NONBLOCK = 02000000 | 04000;
  private static final short POLLIN = 1;
  private static final int EPERM = 1;
  private static final int MAC = 6;

  // struct sockaddr_ll: family, protocol, ifindex, hatype, pkttype, halen, addr[8].
  private static final int SOCKADDR = 20;
  private static final int SOCKADDR_HALEN_AT = 11;
  private static final int SOCKADDR_ADDR_AT = 12;

  /**
   * What a socket is for.
   *
   * @param etherType the protocol's number in an Ethernet frame
   * @param filter the filter of bpf(4), an instruction a row: code, jump if true, jump if false,
   *     operand
   * @param group the multicast group to join, an Ethernet address as a number; 0 for none
   */
  public record Traffic(int etherType, List<List<Integer>> filter, long group) {
    /** What a filter returns to let the whole packet through. */
    public static final int ALL = PACKET;

    public Traffic {
      filter = List.copyOf(filter);
    }
  }

  /**
   * A packet and who sent it on the link.
   *
   * @param packet from the IPv6 header on
   * @param mac of the sender
   */
  public record Received(ByteBuffer packet, ByteBuffer mac) {}

  private final int index;
  private final int etherType;
  private final int socket;
  private final int event;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(PACKET);
  private final MemorySegment sender = arena.allocate(SOCKADDR, 8);
  private final MemorySegment senderLength = arena.allocate(ValueLayout.JAVA_INT);
  private final MemorySegment polled = arena.allocate(16, 8);
  private boolean closed;

  private PacketSocket(int index, int etherType, int socket, int event) {
    this.etherType = etherType;
    this.index = index;
    this.socket = socket;
    this.event = event;
  }

  /**
   * Opens the socket.
   *
   * @param index of the interface
   * @throws IOException in one line that says what is missing
   */
  public static PacketSocket open(int index, Traffic traffic) throws IOException {
    // Protocol 0: nothing comes in before the filter stands.
    int socket = Calls.invoke(Calls.SOCKET, AF_PACKET, SOCK_DGRAM_CLOEXEC, 0);
    if (socket < 0) {
      throw new IOException(
          socket == -EPERM
              ? "permission denied; run as root, or with the capability CAP_NET_RAW"
              : "socket: error " + -socket);
    }
    int event = Calls.invoke(Calls.EVENTFD, 0, EFD_CLOEXEC_NONBLOCK);
    PacketSocket opened = new PacketSocket(index, traffic.etherType(), socket, event);
    try (Arena scratch = Arena.ofConfined()) {
      check("eventfd", event);
      opened.option(SOL_SOCKET, SO_ATTACH_FILTER, filter(scratch, traffic.filter()));
      if (traffic.group() != 0) {
        opened.option(
            SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership(scratch, index, traffic.group()));
      }
      check(
          "bind",
          Calls.invoke(Calls.BIND, socket, opened.address(scratch, new byte[MAC]), SOCKADDR));
      return opened;
    } catch (IOException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Waits for a packet.
   *
   * @param millis how long at most
   * @return null when there was none, or when somebody called {@link #wake}
   */
  public @Nullable Received receive(long millis) throws IOException {
    polled.set(ValueLayout.JAVA_INT, 0, socket);
    polled.set(ValueLayout.JAVA_INT, 4, POLLIN);
    polled.set(ValueLayout.JAVA_INT, 8, event);
    polled.set(ValueLayout.JAVA_INT, 12, POLLIN);
    int timeout = (int) Math.min(Integer.MAX_VALUE, Math.max(0, millis));
    if (Calls.invoke(Calls.POLL, polled, 2L, timeout) <= 0) {
      return null; // a signal is a wake-up too
    }
    if (polled.get(ValueLayout.JAVA_SHORT, 14) != 0) {
      try (Arena scratch = Arena.ofConfined()) {
        long _ = Calls.invokeLong(Calls.READ, event, scratch.allocate(8, 8), 8L);
      }
      return null;
    }
    senderLength.set(ValueLayout.JAVA_INT, 0, SOCKADDR);
    long length =
        Calls.invokeLong(
            Calls.RECVFROM, socket, buffer, buffer.byteSize(), MSG_DONTWAIT, sender, senderLength);
    if (length <= 0 || (sender.get(ValueLayout.JAVA_BYTE, SOCKADDR_HALEN_AT) & 0xFF) != MAC) {
      return null; // nothing, an interface that went down, or a link that is no Ethernet
    }
    byte[] packet = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    byte[] mac = sender.asSlice(SOCKADDR_ADDR_AT, MAC).toArray(ValueLayout.JAVA_BYTE);
    return new Received(ByteBuffer.wrap(packet), ByteBuffer.wrap(mac));
  }

  /**
   * Sends a packet.
   *
   * @param mac whom to on the link
   */
  public void send(byte[] packet, byte[] mac) throws IOException {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment bytes = scratch.allocateFrom(ValueLayout.JAVA_BYTE, packet);
      long sent =
          Calls.invokeLong(
              Calls.SENDTO,
              socket,
              bytes,
              bytes.byteSize(),
              MSG_DONTWAIT,
              address(scratch, mac),
              SOCKADDR);
      if (sent < 0) {
        throw new IOException("sendto: error " + -sent);
      }
    }
  }

  /** Ends a wait of {@link #receive}, or its next one. */
  public void wake() {
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment one = scratch.allocateFrom(ValueLayout.JAVA_LONG, 1L);
      long _ = Calls.invokeLong(Calls.WRITE, event, one, one.byteSize());
    }
  }

  /** Closes the socket, which no thread may be waiting for any more. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    int _ = Calls.invoke(Calls.CLOSE, socket);
    if (event >= 0) {
      int _ = Calls.invoke(Calls.CLOSE, event);
    }
    arena.close();
  }

  private void option(int level, int name, MemorySegment value) throws IOException {
    check(
        "setsockopt " + name,
        Calls.invoke(Calls.SETSOCKOPT, socket, level, name, value, (int) value.byteSize()));
  }

  private static void check(String call, int result) throws IOException {
    if (result < 0) {
      throw new IOException(call + ": error " + -result);
    }
  }

  /** struct sock_fprog: a length, and a pointer to instructions of eight bytes. */
  private static MemorySegment filter(Arena scratch, List<List<Integer>> filter) {
    MemorySegment code = scratch.allocate(8L * filter.size(), 8);
    ByteBuffer bytes = code.asByteBuffer().order(ByteOrder.nativeOrder());
    for (List<Integer> each : filter) {
      bytes.putShort(each.get(0).shortValue()).put(each.get(1).byteValue());
      bytes.put(each.get(2).byteValue()).putInt(each.get(3));
    }
    MemorySegment program = scratch.allocate(16, 8);
    program.set(ValueLayout.JAVA_SHORT, 0, (short) filter.size());
    program.set(ValueLayout.ADDRESS, 8, code);
    return program;
  }

  /** struct packet_mreq: ifindex, type, alen, address[8]. */
  private static MemorySegment membership(Arena scratch, int index, long group) {
    MemorySegment request = scratch.allocate(16, 8);
    request.set(ValueLayout.JAVA_INT, 0, index);
    request.set(ValueLayout.JAVA_SHORT, 4, PACKET_MR_MULTICAST);
    request.set(ValueLayout.JAVA_SHORT, 6, (short) MAC);
    byte[] mac = ByteBuffer.allocate(Long.BYTES).putLong(group).array();
    MemorySegment.copy(mac, Long.BYTES - MAC, request, ValueLayout.JAVA_BYTE, 8, MAC);
    return request;
  }

  private MemorySegment address(Arena scratch, byte[] mac) {
    MemorySegment address = scratch.allocate(SOCKADDR, 8);
    ByteBuffer bytes = address.asByteBuffer().order(ByteOrder.nativeOrder());
    bytes.putShort((short) AF_PACKET);
    bytes.order(ByteOrder.BIG_ENDIAN).putShort((short) etherType);
    bytes.order(ByteOrder.nativeOrder()).putInt(index).putShort((short) 0).put((byte) 0);
    bytes.put((byte) MAC).put(Arrays.copyOf(mac, MAC));
    return address;
  }

  /** The C library's calls. A failure is the negative errno. */
  private static final class Calls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO =
        STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    static final MethodHandle SOCKET = find("socket", FunctionDescriptor.of(INT, INT, INT, INT));
    static final MethodHandle BIND = find("bind", FunctionDescriptor.of(INT, INT, POINTER, INT));
    static final MethodHandle SETSOCKOPT =
        find("setsockopt", FunctionDescriptor.of(INT, INT, INT, INT, POINTER, INT));
    static final MethodHandle EVENTFD = find("eventfd", FunctionDescriptor.of(INT, INT, INT));
    static final MethodHandle POLL = find("poll", FunctionDescriptor.of(INT, POINTER, LONG, INT));
    static final MethodHandle RECVFROM =
        find("recvfrom", FunctionDescriptor.of(LONG, INT, POINTER, LONG, INT, POINTER, POINTER));
    static final MethodHandle SENDTO =
        find("sendto", FunctionDescriptor.of(LONG, INT, POINTER, LONG, INT, POINTER, INT));
    static final MethodHandle READ = find("read", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    static final MethodHandle WRITE =
        find("write", FunctionDescriptor.of(LONG, INT, POINTER, LONG));
    static final MethodHandle CLOSE = find("close", FunctionDescriptor.of(INT, INT));

    // The JVM is started with native access; what could crash it is in this file.
    @SuppressWarnings("restricted")
    private static MethodHandle find(String name, FunctionDescriptor type) {
      SymbolLookup libc = LINKER.defaultLookup();
      return LINKER.downcallHandle(
          libc.findOrThrow(name), type, Linker.Option.captureCallState("errno"));
    }

    /** These calls are rare, so the boxes of a variable argument list do not matter. */
    static int invoke(MethodHandle call, Object... arguments) {
      return (int) invokeLong(call, arguments);
    }

    static long invokeLong(MethodHandle call, Object... arguments) {
      try (Arena scratch = Arena.ofConfined()) {
        MemorySegment state = scratch.allocate(STATE);
        Object[] all = new Object[arguments.length + 1];
        all[0] = state;
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        long result = ((Number) call.invokeWithArguments(all)).longValue();
        return result >= 0 ? result : -(int) ERRNO.get(state, 0L);
      } catch (Throwable impossible) {
        throw new AssertionError(impossible);
      }
    }
  }
}
