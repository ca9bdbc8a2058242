// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The options of a packet that is to be sent, laid out over the up to three fields that can hold
 * them (RFC 2131 §4.1). Where the packet's option 52 says so, the fields {@code file} and {@code
 * sname} take as much as they can, so that the options field is as short as it can be.
 *
 * <p>An option of at most 255 bytes stays in one piece. A longer one is split anyway, and its end
 * goes where there is room: the fields are read in the order options, file, sname, as one (RFC 3396
 * §5). What relay agents and the simplest of clients look for stays in front.
 */
final class OverloadedFields {
  private static final int HEAD = 2;
  private static final int FILE = 1;
  private static final int SNAME = 2;
  private static final byte END = (byte) 255;

  /** RFC 3046 §2.1 has option 82 at the end of the options field, where relay agents look. */
  private static final Set<Integer> IN_FRONT =
      Set.of(
          DhcpOption.MESSAGE_TYPE.code(),
          DhcpOption.SERVER_ID.code(),
          DhcpOption.OVERLOAD.code(),
          DhcpOption.RELAY_AGENT.code());

  private final byte[] front;
  private final byte[] file;
  private final byte[] sname;

  private OverloadedFields(byte[] front, byte[] file, byte[] sname) {
    this.front = front;
    this.file = file;
    this.sname = sname;
  }

  /** The options field, without its end. */
  byte[] front() {
    return front;
  }

  /** What stands in {@code file}, whole options and an end; empty where it is not overloaded. */
  byte[] file() {
    return file;
  }

  /** The same of {@code sname}. */
  byte[] sname() {
    return sname;
  }

  /** One option, or one piece of it, as it stands in a field. */
  private static final class Piece {
    private final int code;
    private final byte[] value;

    Piece(int code, byte[] value) {
      this.code = code;
      this.value = value;
    }

    int code() {
      return code;
    }

    byte[] value() {
      return value;
    }

    int length() {
      return HEAD + value.length;
    }
  }

  /** Allows a packet the fields that it has free; without any it stays as it is. */
  static DhcpPacket allow(DhcpPacket packet) {
    int free =
        (packet.bootFile().isEmpty() ? FILE : 0) | (packet.serverName().isEmpty() ? SNAME : 0);
    if (free == 0) {
      return packet;
    }
    DhcpOptions.Builder options = DhcpOptions.builder();
    packet
        .options()
        .values()
        .forEach(
            (code, value) -> {
              options.put(code, value);
              if (code == DhcpOption.MESSAGE_TYPE.code()) {
                options.put(DhcpOption.OVERLOAD, free);
              }
            });
    return packet.withOptions(options.build());
  }

  /** Lays out a packet's options; an option 52 that is not true of its fields is mended. */
  static OverloadedFields of(DhcpPacket packet) {
    int allowed = allowed(packet);
    Deque<Piece> front = new ArrayDeque<>();
    Field file = new Field((allowed & FILE) != 0 ? Limits.BOOT_FILE_FIELD : 0);
    Field sname = new Field((allowed & SNAME) != 0 ? Limits.SERVER_NAME_FIELD : 0);
    List<Map.Entry<Integer, byte[]>> all = List.copyOf(packet.options().values().entrySet());
    for (Map.Entry<Integer, byte[]> each : all.reversed()) {
      Piece whole = new Piece(each.getKey(), each.getValue());
      if (whole.code() == DhcpOption.OVERLOAD.code()) {
        if (allowed != 0) {
          front.addFirst(new Piece(whole.code(), new byte[] {(byte) allowed}));
        }
      } else if (IN_FRONT.contains(whole.code())) {
        split(whole).reversed().forEach(front::addFirst);
      } else if (whole.value().length > Limits.OPTION) {
        Piece rest = file.takeEnd(sname.takeEnd(whole));
        split(rest).reversed().forEach(front::addFirst);
      } else if (!file.take(whole) && !sname.take(whole)) {
        front.addFirst(whole);
      }
    }
    return new OverloadedFields(bytes(front), file.bytes(), sname.bytes());
  }

  private static int allowed(DhcpPacket packet) {
    byte[] said = packet.options().values().get(DhcpOption.OVERLOAD.code());
    int wanted = said == null || said.length != 1 ? 0 : said[0] & (FILE | SNAME);
    return wanted
        & ((packet.bootFile().isEmpty() ? FILE : 0) | (packet.serverName().isEmpty() ? SNAME : 0));
  }

  /** RFC 3396 §6: pieces of at most 255 bytes, in order. */
  private static List<Piece> split(Piece whole) {
    byte[] value = whole.value();
    if (value.length <= Limits.OPTION) {
      return List.of(whole);
    }
    List<Piece> pieces = new ArrayList<>();
    for (int at = 0; at < value.length; at += Limits.OPTION) {
      int end = Math.min(at + Limits.OPTION, value.length);
      pieces.add(new Piece(whole.code(), Arrays.copyOfRange(value, at, end)));
    }
    return pieces;
  }

  private static byte[] bytes(Iterable<Piece> pieces) {
    int length = 0;
    for (Piece each : pieces) {
      length += each.length();
    }
    ByteBuffer out = ByteBuffer.allocate(length);
    for (Piece each : pieces) {
      out.put((byte) each.code()).put((byte) each.value().length).put(each.value());
    }
    return out.array();
  }

  /** A field of fixed size, filled from its end to its front; 0 for one that takes nothing. */
  private static final class Field {
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private final boolean used;
    private int room;

    Field(int size) {
      used = size > 0;
      room = Math.max(0, size - 1); // its end option
    }

    boolean take(Piece piece) {
      if (piece.length() > room) {
        return false;
      }
      pieces.addFirst(piece);
      room -= piece.length();
      return true;
    }

    /** Takes the end of a long option, as much as there is room for; returns what is before it. */
    Piece takeEnd(Piece whole) {
      int most = Math.min(room - HEAD, Math.min(Limits.OPTION, whole.value().length - 1));
      if (most < 1) {
        return whole;
      }
      int cut = whole.value().length - most;
      take(new Piece(whole.code(), Arrays.copyOfRange(whole.value(), cut, whole.value().length)));
      return new Piece(whole.code(), Arrays.copyOf(whole.value(), cut));
    }

    byte[] bytes() {
      if (!used) {
        return new byte[0];
      }
      byte[] options = OverloadedFields.bytes(pieces);
      byte[] field = Arrays.copyOf(options, options.length + 1);
      field[options.length] = END;
      return field;
    }
  }
}
