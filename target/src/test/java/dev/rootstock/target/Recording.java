// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Stands between one initiator and the target, passes on what they send, and keeps it as a capture
 * for tshark: one packet for each PDU, so that what it decodes can be told apart.
 */
final class Recording implements AutoCloseable {
  private static final int HEADERS = 40;
  private static final int PORT = 3260;
  private static final int INITIATOR_PORT = 50_000;

  private final ServerSocket listening;
  private final InetSocketAddress target;
  private final Digests digests;
  private final ByteArrayOutputStream file = new ByteArrayOutputStream();
  private final int[] sequence = {1, 1};
  private final Thread accepting;
  private int packets;

  /**
   * Listens.
   *
   * @param digests what the login will agree on
   */
  Recording(InetSocketAddress target, Digests digests) throws IOException {
    this.target = target;
    this.digests = digests;
    listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    ByteBuffer head = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4).putLong(0);
    // Link type 101: packets begin with their IP header.
    file.writeBytes(head.putInt(1 << 18).putInt(101).array());
    accepting = Thread.startVirtualThread(this::accept);
  }

  InetSocketAddress address() {
    return (InetSocketAddress) listening.getLocalSocketAddress();
  }

  private void accept() {
    try (Socket initiator = listening.accept();
        Socket server = new Socket(target.getAddress(), target.getPort())) {
      Thread back = Thread.startVirtualThread(() -> copy(server, initiator, 1));
      copy(initiator, server, 0);
      back.join();
    } catch (IOException | InterruptedException e) {
      // A side that is gone ends the recording.
    }
  }

  private void copy(Socket from, Socket to, int direction) {
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      DataInputStream data = new DataInputStream(in);
      while (true) {
        byte[] pdu = pdu(data);
        record(pdu, direction);
        out.write(pdu);
        out.flush();
      }
    } catch (IOException e) {
      // As above.
    }
  }

  private byte[] pdu(DataInputStream in) throws IOException {
    byte[] header = new byte[Bhs.BYTES];
    in.readFully(header);
    ByteBuf bhs = Unpooled.wrappedBuffer(header);
    int opcode = Bhs.opcode(bhs, 0);
    Digests now = opcode == 0x03 || opcode == 0x23 ? Digests.NONE : digests;
    int length = Bhs.dataSegmentLength(bhs, 0);
    byte[] rest =
        new byte
            [Bhs.ahsBytes(bhs, 0) + now.headerBytes() + Bhs.padded(length) + now.dataBytes(length)];
    in.readFully(rest);
    return ByteBuffer.allocate(header.length + rest.length).put(header).put(rest).array();
  }

  private synchronized void record(byte[] payload, int direction) {
    int length = HEADERS + payload.length;
    ByteBuffer packet = ByteBuffer.allocate(length);
    packet.putShort((short) 0x4500).putShort((short) length).putInt(0);
    packet.put((byte) 64).put((byte) 6).putShort((short) 0);
    packet.putInt(0x0A000001 + direction).putInt(0x0A000002 - direction);
    packet.putShort((short) (direction == 0 ? INITIATOR_PORT : PORT));
    packet.putShort((short) (direction == 0 ? PORT : INITIATOR_PORT));
    packet.putInt(sequence[direction]).putInt(sequence[1 - direction]);
    packet.putShort((short) 0x5018).putShort((short) 0xFFFF).putInt(0).put(payload);
    sequence[direction] += payload.length;
    ByteBuffer record = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    file.writeBytes(record.putInt(++packets).putInt(0).putInt(length).putInt(length).array());
    file.writeBytes(packet.array());
  }

  /**
   * Lets tshark decode every packet.
   *
   * @return for each the values of the fields, an empty text where it has none
   */
  List<List<String>> decode(Path folder, List<String> fields)
      throws IOException, InterruptedException {
    List<String> options = new ArrayList<>(List.of("-T", "fields"));
    for (String field : fields) {
      options.addAll(List.of("-e", field));
    }
    return tshark(folder, options).stream().map(line -> List.of(line.split("\t", -1))).toList();
  }

  /** What tshark says of every digest. */
  List<String> digests(Path folder) throws IOException, InterruptedException {
    return tshark(folder, List.of("-V", "-O", "iscsi")).stream()
        .map(String::strip)
        .filter(line -> line.startsWith("HeaderDigest:") || line.startsWith("DataDigest:"))
        .toList();
  }

  private synchronized List<String> tshark(Path folder, List<String> options)
      throws IOException, InterruptedException {
    Path pcap = folder.resolve("packets.pcap");
    Path output = folder.resolve("decoded.txt");
    Path errors = folder.resolve("errors.txt");
    Files.write(pcap, file.toByteArray());
    List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", pcap.toString()));
    command.addAll(options);
    Process tshark =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile())
            .start();
    if (!tshark.waitFor(60, TimeUnit.SECONDS)) {
      tshark.destroyForcibly();
      throw new IOException("tshark takes too long");
    }
    if (tshark.exitValue() != 0) {
      throw new IOException("tshark: " + Files.readString(errors));
    }
    return Files.readAllLines(output);
  }

  /** Waits until both sides have ended the connection. */
  void finish() throws InterruptedException {
    accepting.join();
  }

  @Override
  public void close() throws IOException {
    listening.close();
    accepting.interrupt();
  }
}
