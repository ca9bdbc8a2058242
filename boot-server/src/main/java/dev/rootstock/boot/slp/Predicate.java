// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of the search filter (RFC 2608 §8.1, RFC 4018 §5.2) that is honoured: none at all, or
 * one equality on an attribute. It is what a boot client sends that has its target's name (RFC 4173
 * §6, RFC 4018 query 1).
 *
 * <p>Everything else that is a filter, with AND, OR, NOT, ordering, wildcards or presence, is not
 * evaluated, and is answered with INTERNAL_ERROR: an empty reply would say that nothing matches,
 * which nobody has looked into.
 *
 * <p>Attributes that are not advertised match nothing. Among them are auth-name, auth-addr,
 * auth-cred and boot-list: without IPsec, RFC 4018 §6.1 forbids to give them away.
 */
record Predicate(String attribute, String value) {
  private static final Predicate NONE = new Predicate("", "");

  private static final Pattern EQUALITY = Pattern.compile("\\(([^()=<>~!&|*]+)=([^()*=<>]+)\\)");

  // What begins or holds an operator of RFC 2254 that is not evaluated here. RFC 4018's query 4 has
  // its '&' before the bracket.
  private static final Pattern BEYOND =
      Pattern.compile("\\s*([&|!(]\\s*)*[&|!]\\s*\\(.*|.*([<>~]=|=.*\\*).*", Pattern.DOTALL);

  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,10}");

  static Predicate parse(String text) throws SlpException {
    if (text.isBlank()) {
      return NONE;
    }
    Matcher equality = EQUALITY.matcher(text.strip());
    if (equality.matches()) {
      return new Predicate(
          SlpText.comparable(equality.group(1)), SlpText.comparable(equality.group(2)));
    }
    if (BEYOND.matcher(text).matches()) {
      throw new SlpException(SlpError.INTERNAL_ERROR, "a filter beyond one equality");
    }
    throw new SlpException(SlpError.PARSE_ERROR, "a predicate that is no filter");
  }

  boolean isEmpty() {
    return attribute.isEmpty();
  }

  boolean matches(SlpTarget target) {
    return switch (attribute) {
      case "" -> true;
      case "iscsi-name" -> value.equals(target.name().value());
      case "transports" -> value.equals("tcp");
      case "portal-group" ->
          INTEGER.matcher(value).matches() && Long.parseLong(value) == target.portalGroup();
      default -> false;
    };
  }
}
