// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a client sends (RFC 1350 §5), and the bytes of what we send. */
sealed interface TftpPacket {

  /**
   * A request to read (RRQ).
   *
   * @param file any text without NUL
   * @param mode in lower case
   * @param options names in lower case (RFC 2347 §2), values as they came
   */
  record Read(String file, String mode, Map<String, String> options) implements TftpPacket {
    public Read {
      options = Map.copyOf(options);
    }
  }

  /** A request to write (WRQ), which is always refused. */
  record Write() implements TftpPacket {}

  /**
   * An acknowledgement.
   *
   * @param block the low 16 bits of the block's number
   */
  record Ack(int block) implements TftpPacket {}

  /** The client's error, which ends a transfer. */
  record Failure(int code, String message) implements TftpPacket {}

  int READ = 1;
  int WRITE = 2;
  int DATA = 3;
  int ACK = 4;
  int ERROR = 5;
  int OPTION_ACK = 6;

  /** Bytes before a block's data. */
  int DATA_HEADER = 4;

  /**
   * Reads a client's packet.
   *
   * @throws MalformedTftpException for all that no client may send
   */
  static TftpPacket parse(ByteBuffer bytes) throws MalformedTftpException {
    if (bytes.remaining() < 4) {
      throw new MalformedTftpException("a packet of " + bytes.remaining() + " bytes");
    }
    int opcode = bytes.getShort() & 0xFFFF;
    return switch (opcode) {
      case READ -> read(bytes);
      case WRITE -> new Write();
      case ACK -> {
        if (bytes.remaining() != 2) {
          throw new MalformedTftpException("an acknowledgement that is too long");
        }
        yield new Ack(bytes.getShort() & 0xFFFF);
      }
      case ERROR -> {
        int code = bytes.getShort() & 0xFFFF;
        yield new Failure(code, bytes.hasRemaining() ? text(bytes) : "");
      }
      default -> throw new MalformedTftpException("opcode " + opcode);
    };
  }

  private static Read read(ByteBuffer bytes) throws MalformedTftpException {
    if (bytes.remaining() > Limits.REQUEST - 2) {
      throw new MalformedTftpException("a request over " + Limits.REQUEST + " bytes");
    }
    String file = text(bytes);
    String mode = text(bytes).toLowerCase(Locale.ROOT);
    Map<String, String> options = new LinkedHashMap<>();
    while (bytes.hasRemaining()) {
      String name = text(bytes).toLowerCase(Locale.ROOT);
      String value = text(bytes);
      // RFC 2347 §2: an option stands once.
      if (options.put(name, value) != null || options.size() > Limits.OPTIONS) {
        throw new MalformedTftpException("options that stand twice, or too many of them");
      }
    }
    return new Read(file, mode, options);
  }

  private static String text(ByteBuffer bytes) throws MalformedTftpException {
    int start = bytes.position();
    while (bytes.hasRemaining()) {
      if (bytes.get() == 0) {
        byte[] text = new byte[bytes.position() - 1 - start];
        bytes.get(start, text);
        return new String(text, StandardCharsets.ISO_8859_1);
      }
    }
    throw new MalformedTftpException("a text without its NUL");
  }

  /** RFC 2347 §3. */
  static byte[] optionAck(Map<String, String> options) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(0);
    bytes.write(OPTION_ACK);
    options.forEach(
        (name, value) -> {
          write(bytes, name);
          write(bytes, value);
        });
    return bytes.toByteArray();
  }

  /** RFC 1350 §5, "Error packet". */
  static byte[] error(TftpError error, String message) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(0);
    bytes.write(ERROR);
    bytes.write(0);
    bytes.write(error.code());
    write(bytes, message);
    return bytes.toByteArray();
  }

  private static void write(ByteArrayOutputStream bytes, String text) {
    bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    bytes.write(0);
  }
}
