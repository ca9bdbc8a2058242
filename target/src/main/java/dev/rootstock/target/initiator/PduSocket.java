// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Digest;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/**
 * A TCP connection that carries PDUs, and any other bytes that a test wants to send. Buffers are
 * unpooled heap memory: nobody has to release them.
 */
public final class PduSocket implements AutoCloseable {

  /** More than any target sends unless it was told that it may. */
  private static final int MAX_DATA_SEGMENT = 1 << 24;

  private final Socket socket;
  private final DataInputStream in;
  private final OutputStream out;
  private final Digest digest = new Digest();
  private Digests digests = Digests.NONE;

  private PduSocket(Socket socket) throws IOException {
    this.socket = socket;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
    this.out = socket.getOutputStream();
  }

  /**
   * Connects.
   *
   * @param timeout for the connection, and for each receive until {@link #timeout} changes it
   */
  public static PduSocket connect(InetSocketAddress portal, Duration timeout) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(portal, (int) timeout.toMillis());
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) timeout.toMillis());
      return new PduSocket(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Connects a channel that blocks; whoever has it may go on without this socket later. */
  static PduSocket over(SocketChannel channel, InetSocketAddress portal, Duration timeout)
      throws IOException {
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    Socket socket = channel.socket();
    socket.connect(portal, (int) timeout.toMillis());
    socket.setSoTimeout((int) timeout.toMillis());
    return new PduSocket(socket);
  }

  /** How long {@link #receive} waits; afterwards it throws a SocketTimeoutException. */
  public void timeout(Duration timeout) throws IOException {
    socket.setSoTimeout((int) timeout.toMillis());
  }

  /** Adds digests to what is sent, and checks them in what is received, from now on. */
  public void digests(Digests agreed) {
    digests = agreed;
  }

  /** Sends a PDU with its data segment, padding and digests. */
  public void send(InitiatorPdu pdu) throws IOException {
    sendBytes(bytes(pdu, digests));
  }

  /** A PDU as it goes over the wire, without digests. */
  public static byte[] bytes(InitiatorPdu pdu) {
    return bytes(pdu, Digests.NONE);
  }

  /** A PDU as it goes over the wire. */
  public static byte[] bytes(InitiatorPdu pdu, Digests digests) {
    Digest digest = new Digest();
    ByteBuf data = pdu.data();
    int length = data.readableBytes();
    ByteBuf all = Unpooled.buffer(Bhs.BYTES + length + 3 + 2 * Digest.BYTES);
    pdu.encodeHeader(all);
    if (digests.header()) {
      all.writeInt(digest.of(all, 0, all.writerIndex()));
    }
    int dataAt = all.writerIndex();
    all.writeBytes(data, data.readerIndex(), length);
    all.writeZero(Bhs.padded(length) - length);
    if (digests.dataBytes(length) > 0) {
      all.writeInt(digest.of(all, dataAt, Bhs.padded(length)));
    }
    byte[] bytes = new byte[all.readableBytes()];
    all.readBytes(bytes);
    return bytes;
  }

  /** Sends bytes as they are. */
  public void sendBytes(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /**
   * Waits for the next PDU.
   *
   * @throws IOException when it does not come in time, when the connection ends, or when it is
   *     malformed
   */
  public TargetPdu receive() throws IOException {
    byte[] header = new byte[Bhs.BYTES];
    in.readFully(header);
    ByteBuf bhs = Unpooled.wrappedBuffer(header);
    if (digests.header()) {
      check("header", bhs);
    }
    int length = Bhs.dataSegmentLength(bhs, 0);
    if (length > MAX_DATA_SEGMENT || Bhs.ahsBytes(bhs, 0) != 0) {
      throw new IOException("a response with a data segment of " + length + " bytes");
    }
    byte[] data = new byte[Bhs.padded(length)];
    in.readFully(data);
    if (digests.dataBytes(length) > 0) {
      check("data", Unpooled.wrappedBuffer(data));
    }
    try {
      return TargetPdu.decode(bhs, 0, Unpooled.wrappedBuffer(data, 0, length));
    } catch (MalformedPduException e) {
      throw new IOException("a malformed response: " + e.getMessage(), e);
    }
  }

  private void check(String what, ByteBuf bytes) throws IOException {
    if (in.readInt() != digest.of(bytes, 0, bytes.readableBytes())) {
      throw new IOException("a response whose " + what + " digest is wrong");
    }
  }

  /** Whether something comes within the time-out; nothing of it is taken. */
  public boolean poll() throws IOException {
    in.mark(1);
    try {
      if (in.read() < 0) {
        return false;
      }
    } catch (SocketTimeoutException e) {
      return false;
    }
    in.reset();
    return true;
  }

  /** Whether the other side has closed the connection and everything before has been received. */
  public boolean atEnd() throws IOException {
    in.mark(1);
    int next;
    try {
      next = in.read();
    } catch (SocketException e) {
      return true; // reset
    }
    if (next < 0) {
      return true;
    }
    in.reset();
    return false;
  }

  /** Ends the connection with a reset, as firmware does. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
