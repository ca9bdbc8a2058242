// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.slp.Filter.All;
import dev.rootstock.boot.slp.Filter.Any;
import dev.rootstock.boot.slp.Filter.Comparison;
import dev.rootstock.boot.slp.Filter.Not;
import dev.rootstock.boot.slp.Filter.Order;
import dev.rootstock.boot.slp.Filter.Present;
import dev.rootstock.boot.slp.Filter.Substring;
import dev.rootstock.boot.slp.Filter.Unanswered;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads search filters (RFC 2254, RFC 2608 §8.1).
 *
 * <p>Two of the queries that RFC 4018 §5.2 tells clients to send are misprinted there, and clients
 * send them as printed. Query 4, which RFC 4173 §6 has a boot client ask, puts its operator before
 * the brackets and says AND where the text beside it says "or"; query 6 does the former within
 * itself. Both are read as they are meant: an operator may stand before its brackets at the
 * outermost level, and an AND between a name and {@code any} of one attribute, which nothing could
 * ever satisfy, is an OR.
 */
final class FilterParser {
  private static final char NONE = 0;

  private final String text;
  private int at;
  private int terms;
  private int negations;

  private FilterParser(String text) {
    this.text = text;
  }

  /** Reads a whole filter; a blank one matches everything. */
  static Filter parse(String text) throws SlpException {
    if (text.isBlank()) {
      return new All(List.of());
    }
    FilterParser parser = new FilterParser(text);
    Filter filter = parser.outermost();
    if (parser.next() != NONE) {
      throw parser.wrong("text follows the filter");
    }
    return filter;
  }

  private Filter outermost() throws SlpException {
    char operator = next();
    if (operator != '&' && operator != '|') {
      return bracketed(NONE, 0);
    }
    at++;
    return combined(operator, list(operator, 1));
  }

  /**
   * "(" filtercomp ")".
   *
   * @param outside the misplaced operator before it, or {@link #NONE}
   */
  private Filter bracketed(char outside, int depth) throws SlpException {
    if (depth > Limits.FILTER_DEPTH || ++terms > Limits.FILTER_TERMS) {
      throw wrong("a filter of more than so many terms or levels");
    }
    expect('(');
    Filter filter =
        switch (next()) {
          case '&', '|' -> operation(depth);
          case '!' -> {
            at++;
            negations++;
            Filter denied = bracketed(NONE, depth + 1);
            negations--;
            yield new Not(denied);
          }
          default -> term();
        };
    if (outside != NONE && (next() == '&' || next() == '|')) {
      List<Filter> group = new ArrayList<>(List.of(filter));
      while (next() == '&' || next() == '|') {
        group.add(operation(depth));
      }
      filter = combined(outside, group);
    }
    expect(')');
    return filter;
  }

  private Filter operation(int depth) throws SlpException {
    char operator = next();
    at++;
    return combined(operator, list(NONE, depth + 1));
  }

  private List<Filter> list(char outside, int depth) throws SlpException {
    List<Filter> filters = new ArrayList<>();
    do {
      filters.add(bracketed(outside, depth));
    } while (next() == '(');
    return filters;
  }

  private static Filter combined(char operator, List<Filter> filters) {
    return operator == '|' || isNameOrAny(filters)
        ? new Any(List.copyOf(filters))
        : new All(List.copyOf(filters));
  }

  /** Equalities on one attribute that says who may log in, one of them with {@code any}. */
  private static boolean isNameOrAny(List<Filter> filters) {
    AttributeValue any = new AttributeValue.Text(Attribute.ANY);
    return filters.size() > 1
        && filters.getFirst() instanceof Comparison first
        && Attribute.isSecret(first.key())
        && filters.stream()
            .allMatch(
                each ->
                    each instanceof Comparison equality
                        && equality.order() == Order.EQUAL
                        && equality.key().equals(first.key()))
        && filters.stream().anyMatch(each -> ((Comparison) each).value().equals(any));
  }

  /** simple, present, substring or extensible. */
  private Filter term() throws SlpException {
    int start = at;
    while (at < text.length() && "=<>~()".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    String tag = text.substring(start, at);
    char operator = next();
    if (operator == '<' || operator == '>' || operator == '~') {
      at++;
    }
    expect('=');
    int close = text.indexOf(')', at);
    if (close < 0) {
      throw wrong("a bracket is not closed");
    }
    String value = text.substring(at, close);
    at = close;
    if (operator == '=' && tag.strip().endsWith(":")) {
      SlpText.checkReserved(value, "value");
      return new Unanswered(tag.strip());
    }
    String key = Attribute.key(tag);
    if (value.indexOf('*') >= 0) {
      if (operator != '=') {
        throw wrong("a wildcard stands where no equality is"); // RFC 2608 §8.1
      }
      return wildcard(key, value);
    }
    Order order =
        switch (operator) {
          case '<' -> Order.LESS_OR_EQUAL;
          case '>' -> Order.GREATER_OR_EQUAL;
          default ->
              Order.EQUAL; // "approximately" is equality, as in LDAP where nobody knows better
        };
    AttributeValue parsed = AttributeValue.parse(value);
    // A name that may log in is asked for plainly, or there is no answer.
    return Attribute.isSecret(key) && (negations > 0 || operator != '=')
        ? new Unanswered(key)
        : new Comparison(key, order, parsed);
  }

  private static Filter wildcard(String key, String value) throws SlpException {
    SlpText.checkReserved(value, "value");
    if (value.strip().equals("*")) {
      return new Present(key);
    }
    List<String> parts = new ArrayList<>();
    for (String part : value.strip().split("\\*", -1)) {
      parts.add(SlpText.folded(part));
    }
    return new Substring(key, List.copyOf(parts));
  }

  /** The next character that is no white space; {@link #NONE} at the end. */
  private char next() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : NONE;
  }

  private void expect(char expected) throws SlpException {
    if (next() != expected) {
      throw wrong("'" + expected + "' is missing");
    }
    at++;
  }

  private SlpException wrong(String problem) {
    return new SlpException(SlpError.PARSE_ERROR, problem + " (at " + at + ")");
  }
}
