// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.dhcp4java.DHCPBadPacketException;
import org.dhcp4java.DHCPConstants;
import org.dhcp4java.DHCPPacket;

/**
 * Bytes to packets and back. The one place that knows dhcp4java.
 *
 * <p>That library does the fixed fields. It keeps the last of several options of one code, takes
 * cut-off options for shorter ones, knows no option overload, and throws on options over 255 bytes.
 * RFC 3396 asks otherwise, so {@link OptionFields} reads all options and {@link OverloadedFields}
 * lays them out.
 */
public final class DhcpCodec {
  private static final byte REQUEST = DHCPConstants.BOOTREQUEST;
  private static final byte REPLY = DHCPConstants.BOOTREPLY;
  private static final int OPTIONS_AT = Limits.FIXED_FIELDS + Limits.MAGIC_COOKIE;

  private DhcpCodec() {}

  /**
   * Reads one datagram.
   *
   * @throws MalformedDhcpException for anything that is no well-formed DHCP message, BOOTP included
   */
  public static DhcpPacket decode(byte[] datagram) throws MalformedDhcpException {
    if (datagram.length < OPTIONS_AT || datagram.length > Limits.PACKET) {
      throw new MalformedDhcpException(
          "a packet of "
              + datagram.length
              + " bytes; "
              + OPTIONS_AT
              + " to "
              + Limits.PACKET
              + " are expected");
    }
    DHCPPacket fixed;
    try {
      fixed = DHCPPacket.getPacket(datagram, 0, OPTIONS_AT, false);
    } catch (DHCPBadPacketException e) {
      throw new MalformedDhcpException(String.valueOf(e.getMessage()));
    }
    if (!fixed.isDhcp()) {
      throw new MalformedDhcpException("no magic cookie: BOOTP is not served");
    }
    if (fixed.getOp() != REQUEST && fixed.getOp() != REPLY) {
      throw new MalformedDhcpException("op " + fixed.getOp() + " is neither request nor reply");
    }
    OptionFields fields =
        OptionFields.read(
            ByteBuffer.wrap(datagram, OPTIONS_AT, datagram.length - OPTIONS_AT),
            fixed.getFileRaw(),
            fixed.getSnameRaw());
    return new DhcpPacket(
        fixed.getOp() == REPLY,
        hardwareAddress(fixed),
        fixed.getHops() & 0xFF,
        fixed.getXid(),
        fixed.getSecs() & 0xFFFF,
        fixed.getFlags() & 0xFFFF,
        OptionFormat.address(fixed.getCiaddrRaw(), 0),
        OptionFormat.address(fixed.getYiaddrRaw(), 0),
        OptionFormat.address(fixed.getSiaddrRaw(), 0),
        OptionFormat.address(fixed.getGiaddrRaw(), 0),
        fields.snameHoldsOptions() ? "" : text(fixed.getSnameRaw()),
        fields.fileHoldsOptions() ? "" : text(fixed.getFileRaw()),
        fields.options());
  }

  /**
   * Writes a packet, split after RFC 3396 where an option is longer than 255 bytes, spread over the
   * fields file and sname where its option 52 says so, and padded to the 300 bytes that BOOTP
   * relays expect.
   *
   * @throws IllegalArgumentException if it would have more than 1500 bytes
   */
  public static byte[] encode(DhcpPacket packet) {
    OverloadedFields fields = OverloadedFields.of(packet);
    int length = OPTIONS_AT + fields.front().length + 1;
    if (length > Limits.PACKET) {
      throw new IllegalArgumentException("a DHCP packet of " + length + " bytes fits no frame");
    }
    byte[] fixed = fixedPart(packet, fields).serialize(0, Limits.PACKET);
    return ByteBuffer.allocate(Math.max(length, Limits.SHORTEST_REPLY))
        .put(fixed, 0, OPTIONS_AT)
        .put(fields.front())
        .put(DHCPConstants.DHO_END)
        .array();
  }

  /** The bytes that {@link #encode} needs, without padding. */
  static int encodedLength(DhcpPacket packet) {
    return OPTIONS_AT + OverloadedFields.of(packet).front().length + 1;
  }

  private static DHCPPacket fixedPart(DhcpPacket packet, OverloadedFields fields) {
    DHCPPacket out = new DHCPPacket();
    byte[] chaddr = packet.chaddr().bytes();
    out.setOp(packet.reply() ? REPLY : REQUEST);
    out.setHtype((byte) packet.chaddr().type());
    out.setHlen((byte) chaddr.length);
    out.setChaddr(Arrays.copyOf(chaddr, Limits.HARDWARE_ADDRESS));
    out.setHops((byte) packet.hops());
    out.setXid(packet.xid());
    out.setSecs((short) packet.secs());
    out.setFlags((short) packet.flags());
    out.setCiaddrRaw(address(packet.ciaddr()));
    out.setYiaddrRaw(address(packet.yiaddr()));
    out.setSiaddrRaw(address(packet.siaddr()));
    out.setGiaddrRaw(address(packet.giaddr()));
    out.setSnameRaw(
        fields.sname().length > 0
            ? Arrays.copyOf(fields.sname(), Limits.SERVER_NAME_FIELD)
            : field(packet.serverName(), Limits.SERVER_NAME_FIELD));
    out.setFileRaw(
        fields.file().length > 0
            ? Arrays.copyOf(fields.file(), Limits.BOOT_FILE_FIELD)
            : field(packet.bootFile(), Limits.BOOT_FILE_FIELD));
    out.setDHCPMessageType(DHCPConstants.DHCPOFFER); // only so that the magic cookie is written
    return out;
  }

  private static HardwareAddress hardwareAddress(DHCPPacket packet) throws MalformedDhcpException {
    int length = packet.getHlen() & 0xFF;
    if (length > Limits.HARDWARE_ADDRESS) {
      throw new MalformedDhcpException("hlen " + length + " is more than chaddr holds");
    }
    return HardwareAddress.of(packet.getHtype() & 0xFF, Arrays.copyOf(packet.getChaddr(), length));
  }

  private static byte[] address(InetAddress address) {
    return address.getAddress();
  }

  private static byte[] field(String text, int size) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    if (bytes.length >= size) {
      throw new IllegalArgumentException("\"" + text + "\" does not fit its field of " + size);
    }
    return Arrays.copyOf(bytes, size);
  }

  private static String text(byte[] field) {
    int length = 0;
    while (length < field.length && field[length] != 0) {
      length++;
    }
    return new String(field, 0, length, StandardCharsets.ISO_8859_1);
  }
}
