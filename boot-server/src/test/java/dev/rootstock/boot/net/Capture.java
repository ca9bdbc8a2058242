// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A pcap file of UDP datagrams, made without a network, for tshark to judge. */
public final class Capture {
  private static final int ETHERNET = 14;
  private static final int IP = 20;
  private static final int UDP = 8;
  private static final int SECONDS = 60;

  private final ByteArrayOutputStream file = new ByteArrayOutputStream();
  private int packets;

  public Capture() {
    ByteBuffer head = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(0xa1b2c3d4).putShort((short) 2).putShort((short) 4).putLong(0);
    file.writeBytes(head.putInt(65535).putInt(1).array());
  }

  /** Adds one datagram, with Ethernet, IP and UDP headers around it. */
  public Capture add(Inet4Address from, int fromPort, Inet4Address to, int toPort, byte[] payload) {
    int length = ETHERNET + IP + UDP + payload.length;
    ByteBuffer frame = ByteBuffer.allocate(length);
    frame.putLong(0xffff_ffff_ffff_0200L).putInt(0x0000_0001).putShort((short) 0x0800);
    frame.putShort((short) 0x4500).putShort((short) (length - ETHERNET)).putInt(0);
    frame.put((byte) 64).put((byte) 17).putShort((short) 0);
    frame.put(from.getAddress()).put(to.getAddress());
    frame.putShort(ETHERNET + 10, checksum(frame, ETHERNET, IP));
    frame.putShort((short) fromPort).putShort((short) toPort);
    frame.putShort((short) (UDP + payload.length)).putShort((short) 0).put(payload);
    return add(frame.array());
  }

  /** Adds one IPv6 packet, with an Ethernet header before it. */
  public Capture addIpv6(byte[] packet) {
    ByteBuffer frame = ByteBuffer.allocate(ETHERNET + packet.length);
    frame.putLong(0x3333_0000_0001_0200L).putInt(0x0000_0001).putShort((short) 0x86DD);
    return add(frame.put(packet).array());
  }

  private Capture add(byte[] frame) {
    ByteBuffer record = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    record.putInt(++packets).putInt(0).putInt(frame.length).putInt(frame.length);
    file.writeBytes(record.array());
    file.writeBytes(frame);
    return this;
  }

  private static short checksum(ByteBuffer bytes, int from, int length) {
    int sum = 0;
    for (int at = from; at < from + length; at += 2) {
      sum += bytes.getShort(at) & 0xFFFF;
    }
    return (short) ~((sum & 0xFFFF) + (sum >>> 16));
  }

  /**
   * Lets tshark decode all packets.
   *
   * @return for each packet the values of the fields; several values of one are joined by commas
   */
  public List<List<String>> decode(Path folder, String... fields)
      throws IOException, InterruptedException {
    Path pcap = folder.resolve("packets.pcap");
    Path output = folder.resolve("fields.txt");
    Files.write(pcap, file.toByteArray());
    List<String> command =
        new ArrayList<>(List.of("tshark", "-n", "-r", pcap.toString(), "-T", "fields"));
    for (String field : fields) {
      command.add("-e");
      command.add(field);
    }
    Process tshark =
        new ProcessBuilder(command)
            .redirectOutput(output.toFile())
            .redirectError(folder.resolve("errors.txt").toFile())
            .start();
    if (!tshark.waitFor(SECONDS, TimeUnit.SECONDS)) {
      tshark.destroyForcibly();
      throw new IOException("tshark takes too long");
    }
    if (tshark.exitValue() != 0) {
      throw new IOException("tshark: " + Files.readString(folder.resolve("errors.txt")));
    }
    return Files.readAllLines(output, StandardCharsets.UTF_8).stream()
        .map(line -> List.of(line.split("\t", -1)))
        .toList();
  }

  /** How many packets there are. */
  public int size() {
    return packets;
  }
}
