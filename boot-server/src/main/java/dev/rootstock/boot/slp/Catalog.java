// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.slp.SlpTargets.Named;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** All services that there are to tell of: our targets, our iSNS server, what others registered. */
final class Catalog {
  private static final String MANAGEMENT_TYPE = "service:iscsi:sms";

  private static final Pattern TYPE =
      Pattern.compile("(service:)?[a-z][a-z0-9+-]*(\\.[a-z0-9+-]+)?(:[a-z][a-z0-9+.-]*)?");

  private final SlpTargets targets;
  private final List<String> scopes;
  private final Optional<Advertisement> management;
  private final Optional<Registrations> registrations;

  /**
   * @param scopes in the form in which they are compared
   * @param registrations present where we are a directory agent
   */
  Catalog(
      SlpTargets targets,
      List<String> scopes,
      Optional<InetSocketAddress> isns,
      Optional<Registrations> registrations) {
    this.targets = targets;
    this.scopes = scopes;
    this.management = isns.map(this::management);
    this.registrations = registrations;
  }

  /** RFC 4018 §5.3. For iSNS, the lowest priority is the primary server's. */
  private Advertisement management(InetSocketAddress isns) {
    return ours(
        MANAGEMENT_TYPE + "://" + ServerName.of(isns.getAddress()) + ":" + isns.getPort(),
        MANAGEMENT_TYPE,
        Attributes.of(
            Attribute.of("protocols", List.of("isns")),
            Attribute.of("transports", List.of("tcp")),
            Attribute.of("server-priority", List.of("0"))));
  }

  private Advertisement ours(String url, String type, Attributes attributes) {
    return new Advertisement(
        url, type, scopes, SlpHeader.ENGLISH, Limits.URL_LIFETIME_SECONDS, attributes);
  }

  /** The services of a type, in one of the scopes at least, that a machine may hear of. */
  List<Advertisement> services(
      String type, List<String> requested, Inet4Address source, Named named) {
    return Stream.of(
            targets.visibleTo(source, named).stream()
                .map(each -> ours(each.url(), SlpTarget.TYPE, each.attributes())),
            management.stream(),
            registered())
        .flatMap(each -> each)
        .filter(each -> each.hasType(type) && each.isInOneOf(requested))
        .toList();
  }

  /** Our services that everybody may hear of, as others may tell of them. */
  List<Advertisement> everybodys() {
    return Stream.concat(
            targets.toldToEverybody().stream()
                .map(each -> ours(each.url(), SlpTarget.TYPE, each.attributes())),
            management.stream())
        .limit(Limits.REGISTERED_ELSEWHERE)
        .toList();
  }

  /** The service with that URL, once for each language. */
  List<Advertisement> service(String url, List<String> requested, Inet4Address source) {
    String type = typeOf(url);
    return services(type, requested, source, named(url)).stream()
        .filter(each -> each.url().equals(url))
        .toList();
  }

  /** All types of service, whoever may hear of the services themselves. */
  Stream<String> types(List<String> requested) {
    return Stream.of(
            Stream.of(SlpTarget.TYPE),
            management.stream().map(Advertisement::type),
            registered().filter(each -> each.isInOneOf(requested)).map(Advertisement::type))
        .flatMap(each -> each)
        .distinct();
  }

  private Stream<Advertisement> registered() {
    return registrations.stream().flatMap(each -> each.all().stream());
  }

  /** Whether a service pretends to be one of our targets, by its URL or by an attribute. */
  boolean isOurs(String url, Attributes attributes) {
    if (named(url).targets().stream().anyMatch(targets::owns)) {
      return true;
    }
    Attribute name = attributes.find("iscsi-name");
    return name != null
        && name.values().stream()
            .anyMatch(
                each -> each instanceof AttributeValue.Text text && targets.owns(text.value()));
  }

  /** The names that a filter holds in full, as far as a request may name any. */
  static Named named(Filter filter) {
    Set<String> targets = new HashSet<>();
    Set<String> initiators = new HashSet<>();
    filter.equalities(
        (key, value) -> {
          if (value instanceof AttributeValue.Text text) {
            switch (key) {
              case "iscsi-name" -> add(targets, text.value());
              case "auth-name", "boot-list" -> add(initiators, text.value());
              default -> {}
            }
          }
        });
    return new Named(targets, initiators);
  }

  private static void add(Set<String> names, String name) {
    if (names.size() < Limits.NAMES) {
      names.add(name);
    }
  }

  /** The target that the URL of RFC 4018 §5.2 names. */
  private static Named named(String url) {
    int address = url.indexOf("://");
    int path = address < 0 ? -1 : url.indexOf('/', address + 3);
    if (path < 0) {
      return Named.NONE;
    }
    int identity = url.indexOf('/', path + 1);
    String name = url.substring(path + 1, identity < 0 ? url.length() : identity);
    return new Named(Set.of(SlpText.unescapeName(name).toLowerCase(Locale.ROOT)), Set.of());
  }

  /** RFC 2608 §4.1: what stands before the address is the service type. */
  private static String typeOf(String url) {
    return url.substring(0, Math.max(0, url.indexOf("://"))).toLowerCase(Locale.ROOT);
  }

  /**
   * RFC 2609 §2.1: a type is what can stand in a list of types, and in a URL. What reads as a truth
   * cannot stand beside others as a value (RFC 2608 §5), and an advertisement names all types.
   */
  static boolean isType(String type) {
    return type.length() <= Limits.TYPE
        && TYPE.matcher(type).matches()
        && !type.equals("true")
        && !type.equals("false");
  }

  /** RFC 2608 §4.1: what follows the dot in a type, or in its abstract type; empty for IANA. */
  static String namingAuthority(String type) {
    String rest = type.startsWith("service:") ? type.substring("service:".length()) : type;
    int colon = rest.indexOf(':');
    String first = colon < 0 ? rest : rest.substring(0, colon);
    int dot = first.lastIndexOf('.');
    return dot < 0 ? "" : first.substring(dot + 1);
  }
}
