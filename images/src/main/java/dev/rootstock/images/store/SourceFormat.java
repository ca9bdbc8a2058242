// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The formats that images come in and go out in, and how their files show it. */
public enum SourceFormat {
  QCOW2("qcow2"),
  VHDX("vhdx"),
  VMDK("vmdk"),
  VDI("vdi"),
  VHD("vpc"),
  GZ("gz"),
  XZ("xz"),
  ZST("zst"),
  /** What no other format claims. */
  RAW("raw");

  /** Bytes that stand at an offset, or at so many bytes before the end. */
  private record Mark(SourceFormat format, int at, String text) {
    byte[] bytes() {
      return text.getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  private static final List<Mark> MARKS =
      List.of(
          new Mark(QCOW2, 0, "QFI\u00fb"),
          new Mark(VHDX, 0, "vhdxfile"),
          new Mark(VMDK, 0, "KDMV"),
          new Mark(VMDK, 0, "COWD"),
          new Mark(VMDK, 0, "# Disk DescriptorFile"),
          new Mark(VDI, 0x40, "\u007f\u0010\u00da\u00be"),
          new Mark(VHD, 0, "conectix"),
          new Mark(VHD, -512, "conectix"), // a fixed one is raw but for its footer
          new Mark(GZ, 0, "\u001f\u008b"),
          new Mark(XZ, 0, "\u00fd7zXZ"),
          new Mark(ZST, 0, "(\u00b5/\u00fd"));

  private final String driver;

  SourceFormat(String driver) {
    this.driver = driver;
  }

  /** As users write it: {@code vhd}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** QEMU's name for it. */
  String driver() {
    return driver;
  }

  /** Reads what {@link #text} wrote; empty for anything else. */
  public static Optional<SourceFormat> parse(String text) {
    return Arrays.stream(values()).filter(format -> format.text().equals(text)).findFirst();
  }

  /** The format that a file's name ends in, {@code .img} being raw; empty for any other ending. */
  public static Optional<SourceFormat> ofName(String file) {
    String ending = file.substring(file.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return ending.equals("img") ? Optional.of(RAW) : parse(ending);
  }

  /** All of them, for a message. */
  public static String all() {
    return Arrays.stream(values()).map(SourceFormat::text).collect(Collectors.joining(", "));
  }

  /** Looks at the places where formats leave their marks. */
  static SourceFormat of(FileChannel file) throws IOException {
    for (Mark mark : MARKS) {
      long at = mark.at >= 0 ? mark.at : file.size() + mark.at;
      if (at >= 0 && stands(file, at, mark.bytes())) {
        return mark.format;
      }
    }
    return RAW;
  }

  private static boolean stands(FileChannel file, long at, byte[] mark) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(mark.length);
    while (found.hasRemaining()) {
      if (file.read(found, at + found.position()) < 0) {
        return false;
      }
    }
    return found.flip().equals(ByteBuffer.wrap(mark));
  }

  /** The same for the first bytes of a stream. */
  static SourceFormat of(ByteBuffer start) {
    for (Mark mark : MARKS) {
      byte[] bytes = mark.bytes();
      if (mark.at >= 0
          && mark.at + bytes.length <= start.limit()
          && start.slice(mark.at, bytes.length).equals(ByteBuffer.wrap(bytes))) {
        return mark.format;
      }
    }
    return RAW;
  }
}
