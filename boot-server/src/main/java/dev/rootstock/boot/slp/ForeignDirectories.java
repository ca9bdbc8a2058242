// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.slp.ForeignDirectory.SilentException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service agent's side towards directory agents of others (RFC 2608 §12): finds them by what
 * they say unasked, by asking, and by the configuration, and keeps them told of what everybody may
 * hear of. No sockets, no thread: whoever calls it sends what it returns. Not for several threads
 * at once.
 */
final class ForeignDirectories {
  private static final Logger log = LoggerFactory.getLogger(SlpServer.class);
  private static final String TYPE = "service:directory-agent";
  private static final Inet4Address GROUP = Inet4Address.ofLiteral("239.255.255.253");

  /** A message, and by which network it leaves. */
  record Outgoing(Inet4Address to, SlpNetwork network, SlpMessage message) {}

  private final SlpSettings settings;
  private final List<String> scopes;
  private final Catalog catalog;
  private final LongSupplier nanoTime;
  private final RandomGenerator random;
  private final OnceLog once;
  private final Map<Inet4Address, ForeignDirectory> directories = new LinkedHashMap<>();
  private int xid;
  private long findAt;
  private int attempts;
  private int findXid;

  ForeignDirectories(
      SlpSettings settings, Catalog catalog, LongSupplier nanoTime, RandomGenerator random)
      throws SlpException {
    this.settings = settings;
    this.scopes = SlpText.list(String.join(",", settings.scopes()));
    this.catalog = catalog;
    this.nanoTime = nanoTime;
    this.random = random;
    this.once =
        new OnceLog(log, Limits.LOGGED, Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, nanoTime);
    this.xid = random.nextInt(0x10000);
    this.findAt = nanoTime.getAsLong() + upTo(Duration.ZERO, Limits.START_WAIT);
  }

  private long upTo(Duration least, Duration most) {
    return random.nextLong(least.toNanos(), most.toNanos() + 1);
  }

  private int nextXid() {
    xid = xid % 0xFFFF + 1; // 0 is for what is said unasked
    return xid;
  }

  /** Takes a message that is no request; all but advertisements and acknowledgments is nothing. */
  void take(byte[] message, Inet4Address source, SlpNetwork network) {
    if (!settings.registering()) {
      return;
    }
    try {
      SlpMessage read = SlpMessage.read(ByteBuffer.wrap(message));
      switch (read.body()) {
        case DirectoryAdvert advert -> advertised(advert, source, network);
        case ServiceAcknowledgment answer -> acknowledged(read.xid(), answer.error(), source);
        default -> {}
      }
    } catch (SlpException e) {
      log.debug("{} from {}: {}", e.error(), source, e.getMessage());
    }
  }

  /** RFC 2608 §8.5, §12.2.2. Its URL has to be its sender's: none sends us to another's door. */
  private void advertised(DirectoryAdvert advert, Inet4Address source, SlpNetwork network)
      throws SlpException {
    boolean near = network.isOnLink(source) || settings.directories().contains(source);
    boolean ours = settings.networks().stream().anyMatch(each -> each.address().equals(source));
    String url = DirectoryAdvert.SCHEME + source.getHostAddress();
    if (!near || ours || advert.error() != 0 || !advert.url().strip().equalsIgnoreCase(url)) {
      return;
    }
    if (advert.bootTimestamp() == 0) {
      directories.remove(source);
      return;
    }
    List<String> theirs = SlpText.list(advert.scopes());
    List<String> shared = scopes.stream().filter(theirs::contains).toList();
    ForeignDirectory known = directories.get(source);
    if (shared.isEmpty() || (known == null && directories.size() >= Limits.DIRECTORIES)) {
      return;
    }
    if (known == null) {
      known = new ForeignDirectory(source, network, this::nextXid);
      directories.put(source, known);
    }
    known.advertised(
        advert.bootTimestamp(),
        shared,
        leastRefresh(advert.attributes()),
        nanoTime.getAsLong() + upTo(Limits.LEAST_REGISTRATION_WAIT, Limits.REGISTRATION_WAIT));
  }

  /** RFC 2608 §8.5: in seconds, 0 where it has no wish, or none that can be read. */
  private static int leastRefresh(String attributes) {
    Attribute wish;
    try {
      wish = Attributes.parse(attributes).find("min-refresh-interval");
    } catch (SlpException e) {
      return 0;
    }
    return wish != null
            && wish.values().size() == 1
            && wish.values().getFirst() instanceof AttributeValue.Integral seconds
        ? seconds.value()
        : 0;
  }

  private void acknowledged(int answered, int error, Inet4Address source) {
    ForeignDirectory directory = directories.get(source);
    if (directory != null
        && directory.acknowledged(answered, error, nanoTime.getAsLong())
            == ForeignDirectory.Answer.REFUSED) {
      once.warn(
          "the SLP directory agent at %s refuses a service of ours with error %d; 'slp: { register: false }' stops asking it"
              .formatted(source.getHostAddress(), error));
    }
  }

  /** What is due now; to be asked at every beat, and after each answer. */
  List<Outgoing> due() {
    if (!settings.registering()) {
      return List.of();
    }
    long now = nanoTime.getAsLong();
    List<Outgoing> due = new ArrayList<>();
    if (now - findAt >= 0) {
      find(due, now);
    }
    if (!directories.isEmpty()) {
      Map<String, Advertisement> services = new LinkedHashMap<>();
      catalog.everybodys().forEach(each -> services.putIfAbsent(each.url(), each));
      for (ForeignDirectory each : List.copyOf(directories.values())) {
        try {
          each.due(services, now)
              .ifPresent(message -> due.add(new Outgoing(each.address(), each.network(), message)));
        } catch (SilentException e) {
          directories.remove(each.address());
          once.warn(
              "the SLP directory agent at %s does not answer; it is told of our targets when it advertises itself again"
                  .formatted(each.address().getHostAddress()));
        }
      }
    }
    return due;
  }

  /** RFC 2608 §12.2.1: a few times in a row, naming those that are known; then not for long. */
  private void find(List<Outgoing> due, long now) {
    if (++attempts == 1) {
      findXid = nextXid(); // RFC 2608 §8: what is sent again has the same one
    }
    boolean last = attempts == Limits.FIND_ATTEMPTS;
    findAt =
        now + (last ? Limits.DIRECTORY_FIND.toNanos() : Limits.RETRY.toNanos() << (attempts - 1));
    attempts = last ? 0 : attempts;
    for (SlpNetwork network : settings.networks()) {
      String known =
          String.join(
              ",",
              directories.values().stream()
                  .filter(each -> each.network().equals(network))
                  .map(ForeignDirectory::address)
                  .map(InetAddress::getHostAddress)
                  .toList());
      due.add(new Outgoing(GROUP, network, question(SlpHeader.REQUEST_MCAST, known, allScopes())));
    }
    for (Inet4Address each : settings.directories()) {
      if (!directories.containsKey(each)) {
        due.add(
            new Outgoing(each, wayTo(each), question(0, "", ""))); // RFC 2608 §12: without scopes
      }
    }
  }

  private SlpNetwork wayTo(Inet4Address directory) {
    return settings.networks().stream()
        .filter(each -> each.isOnLink(directory))
        .findFirst()
        .orElse(settings.networks().getFirst());
  }

  private String allScopes() {
    return String.join(",", scopes);
  }

  private SlpMessage question(int flags, String previous, String asked) {
    return new SlpMessage(
        flags, findXid, SlpHeader.ENGLISH, new ServiceRequest(previous, TYPE, asked, "", ""));
  }

  /** What takes all back, for when we end. It is said once: lifetimes see to the rest. */
  List<Outgoing> farewell() {
    List<Outgoing> messages = new ArrayList<>();
    for (ForeignDirectory each : directories.values()) {
      each.farewell()
          .forEach(message -> messages.add(new Outgoing(each.address(), each.network(), message)));
    }
    directories.clear();
    return messages;
  }
}
