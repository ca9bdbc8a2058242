// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SerialNumber;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Digest;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;

/**
 * A session that has many commands under way and never waits: what generates load. Somebody's
 * selector tells when its channel can be read or written. For one thread.
 *
 * <p>What is read is checked against its digests and thrown away; what is written is a part of
 * {@link #written}, the same again and again.
 */
public final class BusySession implements AutoCloseable {

  /** Hears how commands end. */
  public interface Listener {

    /**
     * A command has ended.
     *
     * @param tag what {@link #read} or {@link #write} returned
     * @param status the SCSI status; 0 is GOOD
     */
    void ended(int tag, int status);
  }

  private static final int BLOCK = 512;

  /** Holds the longest data segment that {@link LoginOptions#normal} allows, and half as much. */
  private static final int IN_BYTES = 384 << 10;

  private static final int OUT_BYTES = 16 << 20;
  private static final int MOST_DATA = 1 << 20;
  private static final int MOST_SHIFT = 1 << 16;
  private static final ByteBuf PATTERN = pattern();
  private static final int READ_16 = 0x88;
  private static final int WRITE_16 = 0x8A;
  private static final int SYNCHRONIZE_CACHE_16 = 0x91;
  private static final int UNMAP = 0x42;
  private static final int UNMAP_BYTES = 24;

  private final SocketChannel channel;
  private final int lun;
  private final Listener listener;
  private final Digests digests;
  private final Digest digest = new Digest();
  private final int theirSegment;
  private final int immediateBytes;
  private final ByteBuf in = Unpooled.directBuffer(IN_BYTES, IN_BYTES);
  private final ByteBuf out = Unpooled.directBuffer(1 << 16, OUT_BYTES);
  private int cmdSn;
  private int maxCmdSn;
  private int expStatSn;
  private int tag;
  private int shift;

  private BusySession(SocketChannel channel, Initiator session, int lun, Listener listener)
      throws IOException {
    this.channel = channel;
    this.lun = lun;
    this.listener = listener;
    Map<String, String> agreed = session.agreed();
    this.digests =
        new Digests(
            "CRC32C".equals(agreed.get("HeaderDigest")), "CRC32C".equals(agreed.get("DataDigest")));
    this.theirSegment = number(agreed, "MaxRecvDataSegmentLength", 8192);
    this.immediateBytes =
        "No".equals(agreed.get("ImmediateData"))
            ? 0
            : Math.min(theirSegment, number(agreed, "FirstBurstLength", 65_536));
    this.cmdSn = session.cmdSn();
    this.maxCmdSn = cmdSn;
    this.expStatSn = session.expStatSn();
    this.tag = session.newTag();
    channel.configureBlocking(false);
  }

  private static ByteBuf pattern() {
    ByteBuf bytes = Unpooled.buffer(MOST_DATA + MOST_SHIFT);
    for (int i = 0; i < MOST_DATA + MOST_SHIFT; i += Integer.BYTES) {
      bytes.writeInt(i * 0x9E37_79B9);
    }
    return bytes;
  }

  private static int number(Map<String, String> agreed, String key, int absent) {
    return Integer.parseInt(agreed.getOrDefault(key, Integer.toString(absent)));
  }

  /**
   * Connects and logs in, waiting for it, and takes note of the first unit attention.
   *
   * @param lun where the commands go, 0 to 255
   * @param timeout for the connection and for each answer
   */
  public static BusySession login(
      InetSocketAddress portal, LoginOptions options, int lun, Duration timeout, Listener listener)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      Initiator session = Initiator.login(PduSocket.over(channel, portal, timeout), options);
      session.read(lun, new byte[6], 0); // TEST UNIT READY
      return new BusySession(channel, session, lun, listener);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** The connection, not blocking. */
  public SocketChannel channel() {
    return channel;
  }

  /** Whether the target takes one more command (RFC 7143 §4.2.2.1). */
  public boolean mayCommand() {
    return !SerialNumber.after(cmdSn, maxCmdSn);
  }

  /**
   * Tells this session's writes from those of others.
   *
   * @param bytes how far into the pattern its writes begin, 0 to 65,536
   */
  public void shift(int bytes) {
    if (bytes < 0 || bytes > MOST_SHIFT) {
      throw new IllegalArgumentException("a shift of " + bytes + " bytes");
    }
    shift = bytes;
  }

  /** What a write of so many bytes wrote, at most 1 MiB, in a session with that shift. */
  public static byte[] written(int shift, int bytes) {
    byte[] data = new byte[bytes];
    PATTERN.getBytes(shift, data);
    return data;
  }

  /**
   * Queues a READ(16); {@link #send} sends it.
   *
   * @return the command's tag
   */
  public int read(long lba, int blocks) {
    return command(READ_16, lba, blocks, true, Unpooled.EMPTY_BUFFER);
  }

  /**
   * Queues a WRITE(16) with as much immediate data as was agreed on.
   *
   * @param blocks at most 1 MiB
   * @return the command's tag
   */
  public int write(long lba, int blocks) {
    int immediate = Math.min(immediateBytes, blocks * BLOCK);
    return command(WRITE_16, lba, blocks, false, PATTERN.slice(shift, immediate));
  }

  /**
   * Queues a SYNCHRONIZE CACHE(16) of the whole disk.
   *
   * @return the command's tag
   */
  public int flush() {
    return command((long) SYNCHRONIZE_CACHE_16 << 56, 0, 0, false, false, Unpooled.EMPTY_BUFFER);
  }

  /**
   * Queues an UNMAP of one range.
   *
   * @return the command's tag
   * @throws IllegalStateException when the target takes no immediate data, in which the range is
   */
  public int discard(long lba, int blocks) {
    if (immediateBytes < UNMAP_BYTES) {
      throw new IllegalStateException("the target takes no immediate data");
    }
    ByteBuf range =
        Unpooled.buffer(UNMAP_BYTES)
            .writeShort(UNMAP_BYTES - 2)
            .writeShort(UNMAP_BYTES - 8)
            .writeInt(0)
            .writeLong(lba)
            .writeInt(blocks)
            .writeInt(0);
    return command((long) UNMAP << 56, (long) UNMAP_BYTES << 56, UNMAP_BYTES, false, true, range);
  }

  private int command(int opcode, long lba, int blocks, boolean read, ByteBuf immediate) {
    return command(
        (long) opcode << 56 | lba >>> 16,
        lba << 48 | (blocks & 0xFFFF_FFFFL) << 16,
        blocks * BLOCK,
        read,
        !read,
        immediate);
  }

  private int command(
      long cdbHigh, long cdbLow, int bytes, boolean read, boolean write, ByteBuf immediate) {
    int itt = tag++;
    queue(
        new ScsiCommand(
            false,
            true,
            read,
            write,
            ScsiCommand.SIMPLE,
            (long) lun << 48,
            itt,
            bytes,
            cmdSn++,
            expStatSn,
            cdbHigh,
            cdbLow,
            Ahs.NONE,
            immediate));
    return itt;
  }

  private void queue(InitiatorPdu pdu) {
    int headerAt = out.writerIndex();
    pdu.encodeHeader(out);
    if (digests.header()) {
      out.writeInt(digest.of(out, headerAt, Bhs.BYTES));
    }
    ByteBuf data = pdu.data();
    int length = data.readableBytes();
    if (length > 0) {
      int dataAt = out.writerIndex();
      out.writeBytes(data, data.readerIndex(), length).writeZero(Bhs.padded(length) - length);
      if (digests.data()) {
        out.writeInt(digest.of(out, dataAt, Bhs.padded(length)));
      }
    }
  }

  /**
   * Sends what the connection takes.
   *
   * @return whether that was all
   */
  public boolean send() throws IOException {
    while (out.isReadable()) {
      if (out.readBytes(channel, out.readableBytes()) == 0) {
        return false;
      }
    }
    out.clear();
    return true;
  }

  /** Takes what has come, answers what asks for data, and tells the listener what has ended. */
  public void receive() throws IOException {
    int count;
    do {
      int room = in.writableBytes();
      count = in.writeBytes(channel, room);
      if (count < 0) {
        throw new EOFException("the target closed the connection");
      }
      while (takeOne()) {
        // each has been handled
      }
      if (!in.isReadable()) {
        in.clear();
      } else if (in.writableBytes() < IN_BYTES / 2) {
        in.discardReadBytes();
      }
      if (count < room) {
        return;
      }
    } while (count > 0);
  }

  private boolean takeOne() throws IOException {
    int at = in.readerIndex();
    if (in.readableBytes() < Bhs.BYTES) {
      return false;
    }
    int length = Bhs.dataSegmentLength(in, at);
    int dataAt = at + Bhs.BYTES + digests.headerBytes();
    int end = dataAt + Bhs.padded(length) + digests.dataBytes(length);
    if (end > in.writerIndex()) {
      if (end - at > IN_BYTES) {
        throw new IOException("a response with a data segment of " + length + " bytes");
      }
      return false;
    }
    if (digests.header()) {
      check("header", at, Bhs.BYTES);
    }
    if (digests.dataBytes(length) > 0) {
      check("data", dataAt, Bhs.padded(length));
    }
    try {
      handle(TargetPdu.decode(in, at, in.slice(dataAt, length)));
    } catch (MalformedPduException e) {
      throw new IOException("a malformed response: " + e.getMessage(), e);
    }
    in.readerIndex(end);
    return true;
  }

  private void check(String what, int at, int length) throws IOException {
    if (in.getInt(at + length) != digest.of(in, at, length)) {
      throw new IOException("a response whose " + what + " digest is wrong");
    }
  }

  private void handle(TargetPdu pdu) throws IOException {
    switch (pdu) {
      case DataIn data -> {
        maxCmdSn = SerialNumber.later(maxCmdSn, data.maxCmdSn());
        if (data.withStatus()) {
          expStatSn = data.statSn() + 1;
          listener.ended(data.itt(), data.status());
        }
      }
      case ScsiResponse response -> {
        maxCmdSn = SerialNumber.later(maxCmdSn, response.maxCmdSn());
        expStatSn = response.statSn() + 1;
        if (response.response() != 0) {
          throw new IOException("the target could not run a command: " + response.response());
        }
        listener.ended(response.itt(), response.status());
      }
      case ReadyToTransfer r2t -> {
        maxCmdSn = SerialNumber.later(maxCmdSn, r2t.maxCmdSn());
        answer(r2t);
      }
      default -> throw new IOException("not part of any load: " + pdu);
    }
  }

  private void answer(ReadyToTransfer r2t) {
    int from = r2t.bufferOffset();
    int end = from + r2t.desiredLength();
    int dataSn = 0;
    while (from < end) {
      int n = Math.min(theirSegment, end - from);
      queue(
          new DataOut(
              from + n == end,
              r2t.lun(),
              r2t.itt(),
              r2t.ttt(),
              expStatSn,
              dataSn++,
              from,
              PATTERN.slice(shift + from % (MOST_DATA - n + 1), n)));
      from += n;
    }
  }

  /** Ends the connection without a logout. */
  @Override
  public void close() throws IOException {
    in.release();
    out.release();
    channel.close();
  }
}
