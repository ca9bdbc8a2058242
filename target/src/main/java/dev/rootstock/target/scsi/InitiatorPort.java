// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.Isid;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A SCSI initiator port: an iSCSI node's name and an ISID (RFC 7143 §4.4.1).
 *
 * @param name the iSCSI initiator name in its normal form, 1 to 223 bytes of UTF-8
 */
public record InitiatorPort(String name, Isid isid) {
  private static final int HEADER_BYTES = 4;
  private static final int PROTOCOL_ISCSI = 0x5;

  /** FORMAT CODE 01b: name and ISID, which is a port. 00b would be a node, whatever its ports. */
  private static final int FORMAT_PORT = 0x40;

  private static final String SEPARATOR = ",i,0x";

  public InitiatorPort {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > Limits.MAX_TARGET_NAME_BYTES) {
      throw new IllegalArgumentException("initiator name of " + bytes + " bytes");
    }
  }

  /** The iSCSI TransportID (SPC-4 §7.6.4.6): null-terminated, a multiple of four bytes. */
  byte[] transportId() {
    byte[] text = (name + SEPARATOR + isid).getBytes(StandardCharsets.UTF_8);
    byte[] id = new byte[HEADER_BYTES + (text.length / 4 + 1) * 4];
    id[0] = (byte) (FORMAT_PORT | PROTOCOL_ISCSI);
    Bytes.putShort(id, 2, id.length - HEADER_BYTES);
    System.arraycopy(text, 0, id, HEADER_BYTES, text.length);
    return id;
  }

  /** The length of the TransportID that begins here, or -1 when its header is cut off. */
  static int transportIdBytes(byte[] list, int at) {
    return list.length - at < HEADER_BYTES
        ? -1
        : HEADER_BYTES + ((list[at + 2] & 0xFF) << 8 | (list[at + 3] & 0xFF));
  }

  /**
   * The port that a TransportID names.
   *
   * @return empty when it is none of iSCSI's, names a whole node, or is malformed
   */
  static Optional<InitiatorPort> of(byte[] transportId) {
    if (transportId.length <= HEADER_BYTES
        || (transportId[0] & 0xFF) != (FORMAT_PORT | PROTOCOL_ISCSI)
        || transportIdBytes(transportId, 0) != transportId.length) {
      return Optional.empty();
    }
    int end = HEADER_BYTES;
    while (end < transportId.length && transportId[end] != 0) {
      end++;
    }
    if (end == transportId.length) {
      return Optional.empty(); // no null at its end
    }
    byte[] utf8 = Arrays.copyOfRange(transportId, HEADER_BYTES, end);
    String text = new String(utf8, StandardCharsets.UTF_8);
    int separator = text.indexOf(SEPARATOR);
    if (separator <= 0 || !Arrays.equals(utf8, text.getBytes(StandardCharsets.UTF_8))) {
      return Optional.empty();
    }
    String isid = text.substring(separator + SEPARATOR.length());
    String name = text.substring(0, separator);
    if (!isid.matches("[0-9A-Fa-f]{12}")
        || name.getBytes(StandardCharsets.UTF_8).length > Limits.MAX_TARGET_NAME_BYTES) {
      return Optional.empty();
    }
    return Optional.of(new InitiatorPort(name, new Isid(Long.parseLong(isid, 16))));
  }

  /** As TransportIDs show it: the name, ",i,0x" and the ISID. */
  @Override
  public String toString() {
    return name + SEPARATOR + isid;
  }
}
