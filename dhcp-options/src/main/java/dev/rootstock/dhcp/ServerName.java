// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The host of a root path or of a service URL: a domain name, an IPv4 address, or an IPv6 address
 * in brackets (RFC 4173 §5, which takes RFC 2396 §3.2.2 and RFC 2732). Nothing is ever looked up.
 *
 * @param text as it stands in the root path, names in lower case
 */
public record ServerName(String text) {

  // Four groups of digits: what fits it and is out of range must not pass for a domain name.
  private static final Pattern DOTTED = Pattern.compile("[0-9]+(\\.[0-9]+){3}");
  private static final Pattern DOTTED_IN_RANGE =
      Pattern.compile("((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\\.(?!$)|$)){4}");

  public ServerName {
    String checked;
    try {
      checked = check(text);
    } catch (SyntaxException e) {
      throw new IllegalArgumentException("server \"" + text + "\" " + e.getMessage(), e);
    }
    if (!checked.equals(text)) {
      throw new IllegalArgumentException("server \"" + text + "\" is not in lower case");
    }
  }

  /**
   * Reads a host as a person writes it, where an IPv6 address may come without its brackets.
   *
   * @throws SyntaxException naming the first wrong character
   */
  public static ServerName ofHost(String host) throws SyntaxException {
    boolean bare = host.indexOf(':') >= 0 && !host.startsWith("[");
    if (!bare) {
      return parse(host);
    }
    try {
      return parse("[" + host + "]");
    } catch (SyntaxException e) {
      throw e.shiftedBy(-1); // the bracket is ours
    }
  }

  /** The literal for an address. */
  public static ServerName of(InetAddress address) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    String plain = zone < 0 ? text : text.substring(0, zone);
    return new ServerName(address instanceof Inet6Address ? "[" + plain + "]" : plain);
  }

  /**
   * Reads the server name field of a root path.
   *
   * @throws SyntaxException naming the first wrong character
   */
  public static ServerName parse(String field) throws SyntaxException {
    return new ServerName(check(field));
  }

  /** Whether firmware without a resolver can use it: an address and not a name. */
  public boolean isLiteral() {
    return text.startsWith("[") || DOTTED.matcher(text).matches();
  }

  @Override
  public String toString() {
    return text;
  }

  private static String check(String field) throws SyntaxException {
    if (field.startsWith("[")) {
      checkIpv6(field);
    } else if (DOTTED.matcher(field).matches()) {
      if (!DOTTED_IN_RANGE.matcher(field).matches()) {
        throw new SyntaxException(0, "\"" + field + "\" is not an IPv4 address");
      }
    } else {
      checkDomainName(field);
    }
    return field.toLowerCase(Locale.ROOT);
  }

  private static void checkIpv6(String field) throws SyntaxException {
    if (!field.endsWith("]")) {
      throw new SyntaxException(field.length(), "the IPv6 address has no closing bracket");
    }
    String address = field.substring(1, field.length() - 1);
    for (int at = 0; at < address.length(); at++) {
      char c = address.charAt(at);
      if (!(c == ':' || c == '.' || (c < 0x80 && Character.digit(c, 16) >= 0))) {
        throw new SyntaxException(at + 1, "'" + c + "' is not part of an IPv6 address");
      }
    }
    try {
      if (address.indexOf(':') < 0) {
        throw new IllegalArgumentException("no colon");
      }
      Inet6Address.ofLiteral(address);
    } catch (IllegalArgumentException e) {
      throw new SyntaxException(1, "\"" + address + "\" is not an IPv6 address");
    }
  }

  private static void checkDomainName(String name) throws SyntaxException {
    if (name.isEmpty()) {
      throw new SyntaxException(0, "the server name is empty");
    }
    if (name.length() > Limits.DOMAIN_NAME) {
      throw new SyntaxException(
          Limits.DOMAIN_NAME, "a domain name has at most " + Limits.DOMAIN_NAME + " characters");
    }
    // RFC 2396 §3.2.2 allows one dot at the end.
    int end = name.endsWith(".") ? name.length() - 1 : name.length();
    int label = 0;
    for (int at = 0; at <= end; at++) {
      if (at == end || name.charAt(at) == '.') {
        checkLabel(name, label, at, at == end);
        label = at + 1;
      } else if (!isAlphanumeric(name.charAt(at)) && name.charAt(at) != '-') {
        throw new SyntaxException(at, "'" + name.charAt(at) + "' is not allowed in a server name");
      }
    }
  }

  private static void checkLabel(String name, int from, int to, boolean top)
      throws SyntaxException {
    if (from == to) {
      throw new SyntaxException(from, "the server name has an empty part here");
    }
    if (to - from > Limits.DOMAIN_LABEL) {
      throw new SyntaxException(
          from, "a part of a domain name has at most " + Limits.DOMAIN_LABEL + " characters");
    }
    if (name.charAt(from) == '-' || name.charAt(to - 1) == '-') {
      throw new SyntaxException(from, "a part of a domain name neither begins nor ends with '-'");
    }
    // RFC 2396 §3.2.2: toplabel begins with a letter, which tells it from an address.
    if (top && !Character.isLetter(name.charAt(from))) {
      throw new SyntaxException(
          from, "the last part of a domain name begins with a letter; this is no address either");
    }
  }

  private static boolean isAlphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }
}
