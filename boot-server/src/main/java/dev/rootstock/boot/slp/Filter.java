// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.slp.AttributeValue.Text;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * A search filter: the grammar of LDAPv3 (RFC 2254) with the meaning that RFC 2608 §8.1 gives it.
 *
 * <p>A term is held against each value of its attribute, and one that satisfies it is enough, also
 * under a NOT: {@code (!(y=0))} finds {@code y=0,1}. So a NOT is carried down to the terms below
 * it. A term that has no answer is satisfied neither with a NOT nor without: one about an attribute
 * that is not there, of another type than the attribute, or with a matching rule, of which there
 * are none.
 *
 * <p>The attributes that say who may log in are a secret (RFC 4018 §6.1). A term about them has an
 * answer only where it is an equality that no NOT stands above. So a filter can ask whether a name
 * that one knows may log in, which is what RFC 4018's queries are for, and nothing else.
 */
sealed interface Filter {

  enum Order {
    EQUAL,
    LESS_OR_EQUAL,
    GREATER_OR_EQUAL
  }

  record All(List<Filter> filters) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      return negated
          ? filters.stream().anyMatch(each -> each.test(attributes, true))
          : filters.stream().allMatch(each -> each.test(attributes, false));
    }
  }

  record Any(List<Filter> filters) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      return negated
          ? filters.stream().allMatch(each -> each.test(attributes, true))
          : filters.stream().anyMatch(each -> each.test(attributes, false));
    }
  }

  record Not(Filter filter) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      return filter.test(attributes, !negated);
    }
  }

  record Present(String key) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      return !Attribute.isSecret(key) && (attributes.find(key) != null) != negated;
    }
  }

  record Substring(String key, List<String> parts) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      Attribute attribute = attributes.find(key);
      return attribute != null
          && !Attribute.isSecret(key)
          && attribute.values().stream()
              .anyMatch(
                  value ->
                      value instanceof Text text
                          && SlpText.matches(parts, text.value()) != negated);
    }
  }

  record Comparison(String key, Order order, AttributeValue value) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      Attribute attribute = attributes.find(key);
      if (attribute == null) {
        return false;
      }
      return attribute.values().stream()
          .filter(each -> each.getClass() == value.getClass())
          .anyMatch(each -> isOrdered(each) && holds(each) != negated);
    }

    private boolean isOrdered(AttributeValue each) {
      return order == Order.EQUAL
          || each instanceof AttributeValue.Integral
          || each instanceof Text;
    }

    private boolean holds(AttributeValue each) {
      if (order == Order.EQUAL) {
        return each.equals(value);
      }
      int compared =
          each instanceof AttributeValue.Integral one
                  && value instanceof AttributeValue.Integral other
              ? Integer.compare(one.value(), other.value())
              : compare(each, value);
      return order == Order.LESS_OR_EQUAL ? compared <= 0 : compared >= 0;
    }

    /** RFC 2608 §6.4: by code points, which is the order of their UTF-8. */
    private static int compare(AttributeValue one, AttributeValue other) {
      int[] left = ((Text) one).value().codePoints().toArray();
      int[] right = ((Text) other).value().codePoints().toArray();
      return Arrays.compare(left, right);
    }
  }

  /**
   * A term that never has an answer: one with a matching rule (RFC 2254's "extensible"), or one
   * that would draw out who may log in.
   */
  record Unanswered(String key) implements Filter {
    @Override
    public boolean test(Attributes attributes, boolean negated) {
      return false;
    }
  }

  /** Whether a service with these attributes is what is sought. */
  default boolean matches(Attributes attributes) {
    return test(attributes, false);
  }

  /** Whether the filter, or with {@code negated} its opposite, is satisfied; both can be false. */
  boolean test(Attributes attributes, boolean negated);

  /** Tells all equalities that no NOT stands above. */
  default void equalities(BiConsumer<String, AttributeValue> each) {
    switch (this) {
      case All all -> all.filters().forEach(filter -> filter.equalities(each));
      case Any any -> any.filters().forEach(filter -> filter.equalities(each));
      case Comparison(String key, Order order, AttributeValue value) when order == Order.EQUAL ->
          each.accept(key, value);
      default -> {}
    }
  }
}
