// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The options of one packet, each code once, in the order in which they stand. An option that is
 * absent and an option that is malformed are different: the first is an empty answer, the second an
 * exception.
 */
public final class DhcpOptions {
  private static final int SMALLEST_CODE = 1;
  private static final int LARGEST_CODE = 254;

  private final Map<Integer, byte[]> values;

  private DhcpOptions(Map<Integer, byte[]> values) {
    this.values = values;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** The value, empty where the option is absent. */
  public <T> Optional<T> get(DhcpOption<T> option) throws MalformedDhcpException {
    byte @Nullable [] value = values.get(option.code());
    return value == null ? Optional.empty() : Optional.of(option.decode(value));
  }

  public boolean has(DhcpOption<?> option) {
    return values.containsKey(option.code());
  }

  /** The bytes of any option, empty where it is absent. */
  public Optional<byte[]> bytes(int code) {
    return Optional.ofNullable(values.get(code)).map(byte[]::clone);
  }

  /** The codes, in order. */
  public Set<Integer> codes() {
    return Collections.unmodifiableSet(values.keySet());
  }

  /** A copy with one option more, or another value of it. */
  public <T> DhcpOptions with(DhcpOption<T> option, T value) {
    Map<Integer, byte[]> more = new LinkedHashMap<>(values);
    more.put(option.code(), option.encode(value));
    return new DhcpOptions(more);
  }

  /** A copy without one option. */
  public DhcpOptions without(DhcpOption<?> option) {
    Map<Integer, byte[]> fewer = new LinkedHashMap<>(values);
    fewer.remove(option.code());
    return new DhcpOptions(fewer);
  }

  /** For the codec, which does not change what it is given. */
  Map<Integer, byte[]> values() {
    return values;
  }

  /** Collects options in the order in which they are put. */
  public static final class Builder {
    private final Map<Integer, byte[]> values = new LinkedHashMap<>();

    private Builder() {}

    /** Sets an option; an earlier value of it is replaced. */
    public <T> Builder put(DhcpOption<T> option, T value) {
      return put(option.code(), option.encode(value));
    }

    /** Sets any option by its code, 1 to 254. */
    public Builder put(int code, byte[] value) {
      if (code < SMALLEST_CODE || code > LARGEST_CODE) {
        throw new IllegalArgumentException("option code " + code + " is pad, end, or no byte");
      }
      values.put(code, value.clone());
      return this;
    }

    public DhcpOptions build() {
      return new DhcpOptions(new LinkedHashMap<>(values));
    }
  }
}
