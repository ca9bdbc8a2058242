// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Somebody else's directory agent, and what it holds of ours (RFC 2608 §8.3, §12.1 to §12.3).
 *
 * <p>One message at a time is on its way to it. So whoever forges an advertisement in another's
 * name makes us send that one some registration a few times, and nothing else.
 */
final class ForeignDirectory {
  private static final long SECOND = 1_000_000_000L;

  /** A service that it knows; {@code taken} is false for one that it refused. */
  private record Held(Advertisement service, long at, boolean taken) {}

  /**
   * What is on its way.
   *
   * @param service what it registers, or null where it takes the URL back
   */
  private record Pending(
      int xid, String url, @Nullable Advertisement service, SlpMessage message) {}

  /** How it answered what was sent to it last. */
  enum Answer {
    TAKEN,
    REFUSED,
    /** To nothing that we sent. */
    NONE
  }

  private final Inet4Address address;
  private final SlpNetwork network;
  private final IntSupplier xids;
  private final Map<String, Held> held = new LinkedHashMap<>();
  private int bootTimestamp;
  private List<String> scopes = List.of();
  private int leastRefresh;
  private @Nullable Pending pending;
  private Duration patience = Limits.RETRY;
  private long begunAt;
  private long notBefore;

  /**
   * @param network by which it is reached
   * @param xids makes a new transaction identifier
   */
  ForeignDirectory(Inet4Address address, SlpNetwork network, IntSupplier xids) {
    this.address = address;
    this.network = network;
    this.xids = xids;
  }

  Inet4Address address() {
    return address;
  }

  SlpNetwork network() {
    return network;
  }

  /**
   * It said that it is there. One that has lost its registrations, or has other scopes, gets all of
   * ours anew (RFC 2608 §12.2.2).
   *
   * @param timestamp of its boot, not 0
   * @param shared those of its scopes that are ours
   * @param refresh seconds that have to lie between two registrations of a service (§8.5)
   * @param from when on it may be registered with, in nanoseconds
   */
  void advertised(int timestamp, List<String> shared, int refresh, long from) {
    leastRefresh = Math.clamp(refresh, 0, Limits.MOST_LIFETIME_SECONDS);
    if (Integer.compareUnsigned(timestamp, bootTimestamp) <= 0 && shared.equals(scopes)) {
      return;
    }
    bootTimestamp = timestamp;
    scopes = shared;
    held.clear();
    pending = null;
    notBefore = from;
  }

  /**
   * What is to be sent to it now, or again.
   *
   * @param services what it should know, by URL
   * @throws SilentException where it has not answered for CONFIG_RETRY_MAX
   */
  Optional<SlpMessage> due(Map<String, Advertisement> services, long now) throws SilentException {
    Pending sent = pending;
    if (sent != null) {
      if (now - notBefore < 0) {
        return Optional.empty();
      }
      if (now - begunAt >= Limits.RETRY_MAX.toNanos()) {
        throw new SilentException();
      }
      patience = patience.multipliedBy(2); // RFC 2608 §12.3
      notBefore = now + patience.toNanos();
      return Optional.of(sent.message());
    }
    if (now - notBefore < 0) {
      return Optional.empty();
    }
    Optional<Pending> next = next(services, now);
    next.ifPresent(
        each -> {
          pending = each;
          patience = Limits.RETRY;
          begunAt = now;
          notBefore = now + patience.toNanos();
        });
    return next.map(Pending::message);
  }

  /** First what is no longer true, then what is new, then what would be forgotten. */
  private Optional<Pending> next(Map<String, Advertisement> services, long now) {
    for (Map.Entry<String, Held> each : new HashMap<>(held).entrySet()) {
      if (!services.containsKey(each.getKey())) {
        if (each.getValue().taken()) {
          return Optional.of(removal(each.getKey()));
        }
        held.remove(each.getKey());
      }
    }
    for (Advertisement each : services.values()) {
      Held known = held.get(each.url());
      long age = known == null ? Long.MAX_VALUE : now - known.at();
      // RFC 2608 §8.3, §8.5: not more often than once a second, nor than it says.
      long least = Math.max(1, leastRefresh) * SECOND;
      boolean changed = known == null || (age > least && !known.service().equals(each));
      if (changed || age > Math.max(least, lifetimeSeconds() * SECOND / 2)) {
        Optional<Pending> registration = registration(each);
        if (registration.isPresent()) {
          return registration;
        }
        held.put(each.url(), new Held(each, now, false)); // it fits no datagram
      }
    }
    return Optional.empty();
  }

  /** Long enough to be told again in time. */
  private int lifetimeSeconds() {
    return Math.clamp(2L * leastRefresh, Limits.REGISTERED_SECONDS, Limits.MOST_LIFETIME_SECONDS);
  }

  private Optional<Pending> registration(Advertisement service) {
    int xid = xids.getAsInt();
    SlpMessage message =
        new SlpMessage(
            SlpHeader.FRESH,
            xid,
            service.language(),
            new ServiceRegistration(
                new UrlEntry(lifetimeSeconds(), service.url(), 0),
                service.type(),
                String.join(",", scopes),
                String.join(
                    ",",
                    service.attributes().byKey().values().stream().map(Attribute::text).toList()),
                0));
    return message.encode(Limits.STREAM_MESSAGE).length > Limits.MESSAGE
        ? Optional.empty()
        : Optional.of(new Pending(xid, service.url(), service, message));
  }

  private Pending removal(String url) {
    int xid = xids.getAsInt();
    SlpMessage message =
        new SlpMessage(
            0,
            xid,
            SlpHeader.ENGLISH,
            new ServiceDeregistration(String.join(",", scopes), new UrlEntry(0, url, 0), ""));
    return new Pending(xid, url, null, message);
  }

  /** It answered (RFC 2608 §8.4). One that is busy is asked again, one that refuses is not soon. */
  Answer acknowledged(int xid, int error, long now) {
    Pending sent = pending;
    if (sent == null || sent.xid() != xid) {
      return Answer.NONE;
    }
    pending = null;
    notBefore = now;
    if (sent.service() == null) {
      held.remove(sent.url());
    } else if (error == SlpError.DA_BUSY_NOW.code()) {
      notBefore = now + Limits.RETRY_MAX.toNanos();
    } else {
      held.put(sent.url(), new Held(sent.service(), now, error == SlpError.OK.code()));
    }
    return error == SlpError.OK.code() ? Answer.TAKEN : Answer.REFUSED;
  }

  /** What takes back all that it holds, for when we end. */
  List<SlpMessage> farewell() {
    List<SlpMessage> messages = new ArrayList<>();
    held.forEach(
        (url, each) -> {
          if (each.taken()) {
            messages.add(removal(url).message());
          }
        });
    held.clear();
    return messages;
  }

  /** That it does not answer. */
  static final class SilentException extends Exception {
    private static final long serialVersionUID = 1L;
  }
}
