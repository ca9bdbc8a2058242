// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What others have registered with the directory agent (RFC 2608 §8.3, §9.3, §10.6, §12). Bounded
 * in all, for each address, and in bytes; each goes when its lifetime ends. Nobody proves who he
 * is, so only the address that made a registration changes it. Not for several threads at once.
 */
final class Registrations {
  /** RFC 2608 §8.3: a service may be registered in several languages. */
  private record Key(String url, String language) {}

  private record Held(Advertisement service, Inet4Address owner, int bytes, long endsAt) {}

  private final Map<Key, Held> held = new LinkedHashMap<>();
  private final LongSupplier nanoTime;
  private int bytes;

  Registrations(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Takes a registration.
   *
   * @param fresh whether it replaces the older one of its URL and language; else it adds to it
   * @param size of the message in bytes
   */
  SlpError register(Advertisement service, boolean fresh, Inet4Address owner, int size) {
    forget();
    Key key = new Key(service.url(), service.language().toLowerCase(Locale.ROOT));
    if (isElsewhere(service.url(), owner)) {
      return SlpError.AUTHENTICATION_ABSENT;
    }
    Held older = held.get(key);
    int extra = older == null ? 0 : older.bytes();
    Advertisement taken = service;
    int taking = size;
    if (!fresh) {
      if (older == null || !older.service().type().equals(service.type())) {
        return SlpError.INVALID_UPDATE;
      }
      if (!isSame(older.service().scopes(), service.scopes())) {
        return SlpError.SCOPE_NOT_SUPPORTED;
      }
      taken = with(service, older.service().attributes().updatedBy(service.attributes()));
      taking += extra;
    }
    if ((older == null
            && (held.size() >= Limits.REGISTRATIONS
                || countOf(owner) >= Limits.REGISTRATIONS_OF_ONE))
        || taking > Limits.REGISTRATION
        || bytes - extra + taking > Limits.REGISTERED_BYTES) {
      return SlpError.DA_BUSY_NOW;
    }
    put(key, new Held(taken, owner, taking, now() + service.lifetimeSeconds()));
    return SlpError.OK;
  }

  /**
   * Takes a service back, or some of its attributes, in all languages. What is not there is taken
   * back already: the acknowledgment of an earlier attempt may have been lost.
   */
  SlpError deregister(String url, List<String> scopes, TagList tags, Inet4Address owner) {
    forget();
    if (isElsewhere(url, owner)) {
      return SlpError.AUTHENTICATION_ABSENT;
    }
    List<Key> keys = held.keySet().stream().filter(key -> key.url().equals(url)).toList();
    for (Key key : keys) {
      Held older = held.get(key);
      if (older != null && !isSame(older.service().scopes(), scopes)) {
        return SlpError.SCOPE_NOT_SUPPORTED;
      }
    }
    for (Key key : keys) {
      Held older = drop(key);
      if (older != null && !tags.isEmpty()) {
        Attributes rest = older.service().attributes().without(tags);
        put(key, new Held(with(older.service(), rest), owner, older.bytes(), older.endsAt()));
      }
    }
    return SlpError.OK;
  }

  /** What is registered now, each with the lifetime that is left to it. */
  List<Advertisement> all() {
    forget();
    long now = now();
    return held.values().stream()
        .map(
            each ->
                new Advertisement(
                    each.service().url(),
                    each.service().type(),
                    each.service().scopes(),
                    each.service().language(),
                    (int) (each.endsAt() - now),
                    each.service().attributes()))
        .toList();
  }

  private void put(Key key, Held value) {
    drop(key);
    held.put(key, value);
    bytes += value.bytes();
  }

  private @Nullable Held drop(Key key) {
    Held older = held.remove(key);
    bytes -= older == null ? 0 : older.bytes();
    return older;
  }

  private void forget() {
    long now = now();
    held.values()
        .removeIf(
            each -> {
              boolean over = each.endsAt() <= now;
              bytes -= over ? each.bytes() : 0;
              return over;
            });
  }

  private boolean isElsewhere(String url, Inet4Address owner) {
    return held.entrySet().stream()
        .anyMatch(
            each -> each.getKey().url().equals(url) && !each.getValue().owner().equals(owner));
  }

  private long countOf(Inet4Address owner) {
    return held.values().stream().filter(each -> each.owner().equals(owner)).count();
  }

  private static Advertisement with(Advertisement service, Attributes attributes) {
    return new Advertisement(
        service.url(),
        service.type(),
        service.scopes(),
        service.language(),
        service.lifetimeSeconds(),
        attributes);
  }

  private static boolean isSame(List<String> scopes, List<String> others) {
    return new HashSet<>(scopes).equals(new HashSet<>(others));
  }

  private long now() {
    return TimeUnit.NANOSECONDS.toSeconds(nanoTime.getAsLong());
  }
}
