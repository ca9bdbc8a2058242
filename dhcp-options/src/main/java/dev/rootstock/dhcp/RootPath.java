// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a diskless machine finds its boot disk: the string of DHCP option 17 as RFC 4173 §5 has it,
 *
 * <pre>iscsi:&lt;servername&gt;:&lt;protocol&gt;:&lt;port&gt;:&lt;LUN&gt;:&lt;targetname&gt;</pre>
 *
 * The target's name may hold colons of its own; an IPv6 server stands in brackets. The protocol is
 * always TCP, the only one that is approved for iSCSI.
 *
 * @param server empty where the client has to discover it (RFC 4173 §6)
 * @param port 1 to 65535; empty where the field is blank and {@link #DEFAULT_PORT} holds. The two
 *     are kept apart, because RFC 4173 §6 weighs a stated port against a discovered one
 * @param lun the logical unit; a blank field is {@link Lun#ZERO}
 * @param target the name of the target
 */
public record RootPath(Optional<ServerName> server, OptionalInt port, Lun lun, IscsiName target) {

  /** IANA's port for iSCSI. */
  public static final int DEFAULT_PORT = 3260;

  /** What marks option 17 as an iSCSI root path. */
  public static final String PREFIX = "iscsi:";

  // Where a target name begins, and how many colons end the fields before it.
  private static final Pattern NAME = Pattern.compile(":(iqn|eui|naa)\\.");
  private static final int COLONS = 4;

  private static final String TCP = "6";
  private static final int MAX_PORT = 65535;
  private static final int MAX_PORT_DIGITS = 5;

  public RootPath {
    if (port.isPresent() && (port.getAsInt() < 1 || port.getAsInt() > MAX_PORT)) {
      throw new IllegalArgumentException("port " + port.getAsInt() + " is not in 1 to " + MAX_PORT);
    }
    int bytes = text(server, port, lun, target).getBytes(StandardCharsets.UTF_8).length;
    if (bytes > Limits.OPTION) {
      throw new IllegalArgumentException(tooLong(bytes));
    }
  }

  /**
   * The root path that we hand out: a blank port and a blank LUN where they are the defaults.
   *
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the whole has more than the 255 bytes of a DHCP option
   */
  public static RootPath of(ServerName server, int port, Lun lun, IscsiName target) {
    return new RootPath(
        Optional.of(server),
        port == DEFAULT_PORT ? OptionalInt.empty() : OptionalInt.of(port),
        lun,
        target);
  }

  /**
   * The same disk at another address of its server.
   *
   * @throws IllegalArgumentException as {@link #of}
   */
  public RootPath at(Inet4Address address) {
    return new RootPath(Optional.of(ServerName.of(address)), port, lun, target);
  }

  /** The port to connect to, the default where the field is blank. */
  public int portOrDefault() {
    return port.orElse(DEFAULT_PORT);
  }

  /** Whether a value of option 17 claims to be an iSCSI root path, well-formed or not. */
  public static boolean isClaimedBy(String rootPath) {
    return rootPath.startsWith(PREFIX);
  }

  /**
   * Reads the bytes of option 17.
   *
   * @throws SyntaxException also where the bytes are no UTF-8
   */
  public static RootPath parse(byte[] option) throws SyntaxException {
    try {
      return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(option)).toString());
    } catch (CharacterCodingException e) {
      throw new SyntaxException(0, "the root path is not UTF-8 text");
    }
  }

  /**
   * Reads a root path.
   *
   * @throws SyntaxException naming the first character that breaks RFC 4173 §5, or a length that no
   *     DHCP option holds
   */
  public static RootPath parse(String text) throws SyntaxException {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > Limits.OPTION) {
      throw new SyntaxException(Math.min(text.length(), Limits.OPTION), tooLong(bytes));
    }
    if (!isClaimedBy(text)) {
      throw new SyntaxException(0, "an iSCSI root path begins with \"" + PREFIX + "\"");
    }
    refuseBareIpv6(text);
    Fields fields = new Fields(text, PREFIX.length());
    Optional<ServerName> server = fields.server();
    fields.protocol();
    OptionalInt port = fields.port();
    Lun lun = fields.lun();
    return new RootPath(server, port, lun, fields.target());
  }

  /** The string for option 17, at most 255 bytes in UTF-8. */
  @Override
  public String toString() {
    return text(server, port, lun, target);
  }

  private static String text(
      Optional<ServerName> server, OptionalInt port, Lun lun, IscsiName target) {
    StringBuilder text = new StringBuilder(PREFIX);
    text.append(server.map(ServerName::text).orElse("")).append("::");
    port.ifPresent(text::append);
    return text.append(':')
        .append(lun.value() == 0 ? "" : lun)
        .append(':')
        .append(target)
        .toString();
  }

  private static String tooLong(int bytes) {
    return "the root path has "
        + bytes
        + " bytes, more than the "
        + Limits.OPTION
        + " that DHCP option 17 holds; choose a shorter target name";
  }

  /** Without its brackets an IPv6 address shifts all fields: say so, and not what comes of it. */
  private static void refuseBareIpv6(String text) throws SyntaxException {
    Matcher name = NAME.matcher(text);
    if (text.startsWith("[", PREFIX.length()) || !name.find()) {
      return;
    }
    String fields = text.substring(PREFIX.length(), name.start() + 1);
    if (fields.chars().filter(c -> c == ':').count() > COLONS) {
      throw new SyntaxException(
          PREFIX.length(),
          "too many colons before the target name; an IPv6 server stands in brackets");
    }
  }

  /** Takes one field after the other off the text; each of the first four ends at a colon. */
  private static final class Fields {
    private final String text;
    private int at;

    Fields(String text, int at) {
      this.text = text;
      this.at = at;
    }

    Optional<ServerName> server() throws SyntaxException {
      int start = at;
      if (text.startsWith("[", at)) {
        int bracket = text.indexOf(']', at);
        if (bracket < 0) {
          throw new SyntaxException(at, "this bracket of an IPv6 address is not closed");
        }
        if (bracket + 1 < text.length() && text.charAt(bracket + 1) != ':') {
          throw new SyntaxException(bracket + 1, "a ':' has to follow the IPv6 address");
        }
        at = bracket + 1; // the colons inside are the address's own
      }
      String field = next(start, "server name");
      try {
        return field.isEmpty() ? Optional.empty() : Optional.of(ServerName.parse(field));
      } catch (SyntaxException e) {
        throw e.shiftedBy(start);
      }
    }

    void protocol() throws SyntaxException {
      int start = at;
      String field = next(start, "protocol");
      if (!field.isEmpty() && !field.equals(TCP)) {
        throw new SyntaxException(
            start,
            "protocol \""
                + field
                + "\" is not approved for iSCSI: leave it blank or write 6 (TCP)");
      }
    }

    OptionalInt port() throws SyntaxException {
      int start = at;
      String field = next(start, "port");
      if (field.isEmpty()) {
        return OptionalInt.empty();
      }
      for (int digit = 0; digit < field.length(); digit++) {
        if (field.charAt(digit) < '0' || field.charAt(digit) > '9') {
          throw new SyntaxException(start + digit, "a port is a decimal number");
        }
      }
      int port = field.length() > MAX_PORT_DIGITS ? 0 : Integer.parseInt(field);
      if (port < 1 || port > MAX_PORT) {
        throw new SyntaxException(start, "port " + field + " is not in 1 to " + MAX_PORT);
      }
      return OptionalInt.of(port);
    }

    Lun lun() throws SyntaxException {
      int start = at;
      String field = next(start, "LUN");
      try {
        return field.isEmpty() ? Lun.ZERO : Lun.parse(field);
      } catch (SyntaxException e) {
        throw e.shiftedBy(start);
      }
    }

    IscsiName target() throws SyntaxException {
      if (at == text.length()) {
        throw new SyntaxException(at, "the target name is missing");
      }
      try {
        return IscsiName.parse(text.substring(at));
      } catch (SyntaxException e) {
        throw e.shiftedBy(at);
      }
    }

    /** The field that begins at {@code start}, up to the next colon, which is taken too. */
    private String next(int start, String name) throws SyntaxException {
      int colon = text.indexOf(':', at);
      if (colon < 0) {
        throw new SyntaxException(
            text.length(),
            "the path ends in its "
                + name
                + "; it is iscsi:<server>:<protocol>:<port>:<LUN>:<target name>");
      }
      at = colon + 1;
      return text.substring(start, colon);
    }
  }
}
