// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.BootTrace.Kind;
import dev.rootstock.qemu.bench.BootTrace.Operation;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stands between initiators and a target, hands on every byte of both, and notes what was asked of
 * the disk and when it was answered. It takes connections without digests only; several at once and
 * one after the other belong to the same boot.
 */
final class RecordingRelay implements AutoCloseable {
  private static final int BHS_BYTES = 48;
  private static final int SCSI_COMMAND = 0x01;
  private static final int SCSI_RESPONSE = 0x21;
  private static final int DATA_IN = 0x25;
  private static final int STATUS_BIT = 0x01;
  private static final int CDB = 32;

  private final ServerSocket listening;
  private final InetSocketAddress target;
  private final List<Socket> sockets = new ArrayList<>();
  private final List<Operation> operations = new ArrayList<>();
  private long firstNanos;
  private boolean ended;
  private @Nullable IOException failure;

  /** A command on its way, by its task tag on its connection. */
  private record Begun(long nanos, List<Range> ranges) {}

  private record Range(Kind kind, long offset, long length) {}

  /** Listens on a free port of the loopback address. */
  RecordingRelay(InetSocketAddress target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("relay").start(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket initiator = listening.accept();
        Socket server = new Socket();
        keep(initiator, server);
        server.connect(target);
        initiator.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        Map<Integer, Begun> under = new HashMap<>();
        Thread.ofVirtual().start(() -> pump(initiator, server, pdu -> asked(under, pdu)));
        Thread.ofVirtual().start(() -> pump(server, initiator, pdu -> answered(under, pdu)));
      }
    } catch (IOException e) {
      failed(e);
    }
  }

  private synchronized void keep(Socket... both) throws IOException {
    sockets.addAll(List.of(both));
    if (ended) {
      close();
    }
  }

  private interface Watcher {
    void seen(ByteBuffer pdu) throws IOException;
  }

  private void pump(Socket from, Socket to, Watcher watcher) {
    try (from;
        to) {
      DataInputStream in = new DataInputStream(from.getInputStream());
      OutputStream out = to.getOutputStream();
      byte @Nullable [] pdu = next(in);
      while (pdu != null) {
        watcher.seen(ByteBuffer.wrap(pdu));
        out.write(pdu);
        pdu = next(in);
      }
    } catch (MalformedTraceException e) {
      failed(e);
    } catch (IOException e) {
      // A machine that is switched off, or that logs in anew, leaves its connection like this.
    }
  }

  /** A whole PDU (RFC 7143 §11.2), or null at the end of the connection. */
  private static byte @Nullable [] next(InputStream in) throws IOException {
    byte[] header = in.readNBytes(BHS_BYTES);
    if (header.length == 0) {
      return null;
    }
    if (header.length < BHS_BYTES) {
      throw new EOFException();
    }
    ByteBuffer bhs = ByteBuffer.wrap(header);
    int data = bhs.getInt(4) & 0xFF_FFFF;
    int rest = (header[4] & 0xFF) * 4 + (data + 3) / 4 * 4;
    byte[] pdu = new byte[BHS_BYTES + rest];
    System.arraycopy(header, 0, pdu, 0, BHS_BYTES);
    if (in.readNBytes(pdu, BHS_BYTES, rest) < rest) {
      throw new EOFException();
    }
    return pdu;
  }

  private synchronized void asked(Map<Integer, Begun> under, ByteBuffer pdu) throws IOException {
    if ((pdu.get(0) & 0x3F) != SCSI_COMMAND) {
      return;
    }
    List<Range> ranges = ranges(pdu);
    if (!ranges.isEmpty()) {
      under.put(pdu.getInt(16), new Begun(System.nanoTime(), ranges));
    }
  }

  /** What a command's CDB asks for (SBC-4 §5); nothing where it is not about the disk's bytes. */
  private static List<Range> ranges(ByteBuffer pdu) throws IOException {
    return switch (pdu.get(CDB) & 0xFF) {
      case 0x28, 0xA8 -> List.of(ten(Kind.READ, pdu));
      case 0x88 -> List.of(sixteen(Kind.READ, pdu));
      case 0x2A, 0xAA -> List.of(ten(Kind.WRITE, pdu));
      case 0x8A -> List.of(sixteen(Kind.WRITE, pdu));
      case 0x35, 0x91 -> List.of(new Range(Kind.FLUSH, 0, 0));
      case 0x42 -> unmapped(pdu);
      case 0x08, 0x0A, 0x41, 0x93, 0x2E, 0x8E, 0x89 ->
          throw new MalformedTraceException(
              "that is recorded",
              "the machine used command %02Xh, which has no place in it".formatted(pdu.get(CDB)),
              null);
      default -> List.of();
    };
  }

  /** READ(10) and (12) and their like have the address in the same place, but not the length. */
  private static Range ten(Kind kind, ByteBuffer pdu) {
    boolean twelve = (pdu.get(CDB) & 0xE0) == 0xA0;
    long blocks = twelve ? pdu.getInt(CDB + 6) & 0xFFFF_FFFFL : pdu.getShort(CDB + 7) & 0xFFFFL;
    return range(kind, pdu.getInt(CDB + 2) & 0xFFFF_FFFFL, blocks);
  }

  private static Range sixteen(Kind kind, ByteBuffer pdu) {
    return range(kind, pdu.getLong(CDB + 2), pdu.getInt(CDB + 10) & 0xFFFF_FFFFL);
  }

  private static Range range(Kind kind, long lba, long blocks) {
    return new Range(kind, lba * BootTrace.BLOCK, blocks * BootTrace.BLOCK);
  }

  /** The descriptors of an UNMAP that brings them with it, as Linux does (SBC-4 §5.35.2). */
  private static List<Range> unmapped(ByteBuffer pdu) throws IOException {
    int data = BHS_BYTES + (pdu.get(4) & 0xFF) * 4;
    if (pdu.limit() < data + 8) {
      throw new MalformedTraceException(
          "that is recorded", "the machine sends an UNMAP's descriptors on demand only", null);
    }
    int end = Math.min(pdu.limit(), data + 8 + (pdu.getShort(data + 2) & 0xFFFF));
    List<Range> found = new ArrayList<>();
    for (int at = data + 8; at + 16 <= end; at += 16) {
      found.add(range(Kind.DISCARD, pdu.getLong(at), pdu.getInt(at + 8) & 0xFFFF_FFFFL));
    }
    return found;
  }

  /** What did not end with GOOD had no effect, and the machine does it again. */
  private synchronized void answered(Map<Integer, Begun> under, ByteBuffer pdu) {
    int opcode = pdu.get(0) & 0x3F;
    boolean response = opcode == SCSI_RESPONSE;
    if (!response && (opcode != DATA_IN || (pdu.get(1) & STATUS_BIT) == 0)) {
      return;
    }
    Begun begun = under.remove(pdu.getInt(16));
    int status = pdu.get(3);
    if (begun == null || ended || status != 0 || (response && pdu.get(2) != 0)) {
      return;
    }
    if (operations.isEmpty()) {
      firstNanos = begun.nanos();
    }
    long began = Math.max(0, (begun.nanos() - firstNanos) / 1000);
    long took = (System.nanoTime() - begun.nanos()) / 1000;
    for (Range each : begun.ranges()) {
      if (each.length() > 0 || each.kind() == Kind.FLUSH) {
        operations.add(new Operation(began, took, each.kind(), each.offset(), each.length()));
      }
    }
  }

  private synchronized void failed(IOException e) {
    if (!ended && failure == null) {
      failure = e;
    }
  }

  /**
   * Ends the recording.
   *
   * @return what had been answered by now, in the order in which it began
   * @throws IOException when something could not be recorded
   */
  synchronized List<Operation> ended() throws IOException {
    ended = true;
    if (failure != null) {
      throw failure;
    }
    return operations.stream().sorted(Comparator.comparingLong(Operation::beganMicros)).toList();
  }

  @Override
  public synchronized void close() throws IOException {
    ended = true;
    listening.close();
    for (Socket each : sockets) {
      each.close();
    }
  }
}
