// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.slp.SlpTargets.Named;
import java.net.Inet4Address;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * The service agent, and the directory agent where it is configured, as RFC 2608 §12.4 would have
 * them when they are one process: with one catalogue and the same scopes. Both answer requests
 * alike; the directory agent also takes registrations and advertises itself.
 */
final class SlpAgents {
  private static final String DIRECTORY_TYPE = "service:directory-agent";
  private static final String AGENT_TYPE = "service:service-agent";

  /**
   * Who asks.
   *
   * @param network where he is
   * @param unicast whether he asked us alone
   */
  record Asker(Inet4Address source, SlpNetwork network, boolean unicast) {}

  private final List<SlpNetwork> networks;
  private final List<String> scopes;
  private final String scopeList;
  private final Catalog catalog;
  private final Optional<Registrations> registrations;
  private final int bootTimestamp;

  /**
   * @param start when this process began, having no registrations
   */
  SlpAgents(SlpSettings settings, SlpTargets targets, Instant start, LongSupplier nanoTime)
      throws SlpException {
    networks = settings.networks();
    scopeList = String.join(",", settings.scopes());
    scopes = SlpText.list(scopeList);
    registrations =
        settings.directoryAgent() ? Optional.of(new Registrations(nanoTime)) : Optional.empty();
    catalog = new Catalog(targets, scopes, settings.isns(), registrations);
    bootTimestamp = (int) start.getEpochSecond();
  }

  Catalog catalog() {
    return catalog;
  }

  /**
   * Answers a request.
   *
   * @param size of the message in bytes
   * @return empty for silence
   */
  Optional<? extends SlpBody> answer(SlpMessage message, int size, Asker asker)
      throws SlpException {
    return switch (message.body()) {
      case ServiceRequest request -> service(request, message.language(), asker);
      case AttributeRequest request -> attributes(request, message.language(), asker);
      case ServiceTypeRequest request -> types(request, asker);
      case ServiceRegistration request when asker.unicast() ->
          Optional.of(acknowledged(register(request, message, size, asker.source())));
      case ServiceDeregistration request when asker.unicast() ->
          Optional.of(acknowledged(deregister(request, asker.source())));
      default -> Optional.empty();
    };
  }

  /** RFC 2608 §12.2.2; empty where we are no directory agent. */
  Optional<DirectoryAdvert> unsolicitedAdvert(SlpNetwork network, boolean leaving) {
    return registrations.map(
        _ -> directoryAdvert(SlpError.OK, leaving ? 0 : bootTimestamp, network));
  }

  // ---- service requests

  private Optional<? extends SlpBody> service(ServiceRequest request, String language, Asker asker)
      throws SlpException {
    String type = SlpText.comparable(request.serviceType());
    if (type.isEmpty()) {
      throw new SlpException(SlpError.PARSE_ERROR, "there is no service type");
    }
    if (isAnswered(request.previousResponders())) {
      return Optional.empty();
    }
    if (type.equals(DIRECTORY_TYPE) && registrations.isPresent()) {
      return directory(request, asker);
    }
    checkSpi(request.spi());
    if (type.equals(DIRECTORY_TYPE) || type.equals(AGENT_TYPE)) {
      return agent(request, type, asker);
    }
    List<String> requested = ourScopes(request.scopes());
    Filter filter = FilterParser.parse(request.predicate());
    List<Advertisement> services =
        catalog.services(type, requested, asker.source(), Catalog.named(filter));
    if (!request.predicate().isBlank()) {
      services =
          inLanguage(services, language).stream()
              .filter(each -> filter.matches(each.attributes()))
              .toList();
    }
    Set<String> told = new LinkedHashSet<>();
    List<UrlEntry> urls =
        services.stream()
            .filter(each -> told.add(each.url()))
            .map(each -> new UrlEntry(each.lifetimeSeconds(), each.url(), 0))
            .toList();
    return saying(new ServiceReply(0, urls), urls.isEmpty(), asker);
  }

  /** RFC 2608 §8.5: a directory agent answers with its advertisement, errors included. */
  private Optional<? extends SlpBody> directory(ServiceRequest request, Asker asker)
      throws SlpException {
    List<String> requested = SlpText.list(request.scopes());
    SlpError error =
        !requested.isEmpty() && requested.stream().noneMatch(scopes::contains)
            ? SlpError.SCOPE_NOT_SUPPORTED
            : request.spi().isBlank() ? SlpError.OK : SlpError.AUTHENTICATION_UNKNOWN;
    if (!FilterParser.parse(request.predicate()).matches(Attributes.NONE)) {
      return saying(new ServiceReply(0, List.of()), true, asker);
    }
    return saying(
        directoryAdvert(error, bootTimestamp, asker.network()), error != SlpError.OK, asker);
  }

  private DirectoryAdvert directoryAdvert(SlpError error, int timestamp, SlpNetwork network) {
    return new DirectoryAdvert(
        error.code(),
        timestamp,
        DirectoryAdvert.SCHEME + network.address().getHostAddress(),
        scopeList,
        "",
        "");
  }

  /** RFC 2608 §8.6: only who asks by multicast learns of a service agent. */
  private Optional<? extends SlpBody> agent(ServiceRequest request, String type, Asker asker)
      throws SlpException {
    if (!request.scopes().isBlank()) {
      checkedScopes(request.scopes());
    }
    Attributes ours = Attributes.of(Attribute.of("service-type", advertisedTypes()));
    if (asker.unicast()
        || type.equals(DIRECTORY_TYPE)
        || !FilterParser.parse(request.predicate()).matches(ours)) {
      return saying(new ServiceReply(0, List.of()), true, asker);
    }
    return Optional.of(
        new AgentAdvert(
            AgentAdvert.SCHEME + asker.network().address().getHostAddress(),
            scopeList,
            String.join(",", Attributes.revealed(List.of(ours), new TagList(List.of())))));
  }

  /** As many as an advertisement has room for; others may have registered more. */
  private List<String> advertisedTypes() {
    List<String> types = new ArrayList<>();
    int length = 0;
    for (String type : catalog.types(scopes).toList()) {
      length += type.length() + 1;
      if (length > Limits.ADVERTISED_TYPES) {
        break;
      }
      types.add(type);
    }
    return types;
  }

  // ---- attribute and service type requests

  private Optional<? extends SlpBody> attributes(
      AttributeRequest request, String language, Asker asker) throws SlpException {
    if (isAnswered(request.previousResponders())) {
      return Optional.empty();
    }
    checkSpi(request.spi());
    List<String> requested = ourScopes(request.scopes());
    TagList tags = TagList.parse(request.tags());
    List<Advertisement> services =
        request.url().contains(":/")
            ? catalog.service(request.url().strip(), requested, asker.source())
            : catalog.services(
                SlpText.comparable(request.url()), requested, asker.source(), Named.NONE);
    List<String> texts =
        Attributes.revealed(
            inLanguage(services, language).stream().map(Advertisement::attributes).toList(), tags);
    return saying(new AttributeReply(0, texts), texts.isEmpty(), asker);
  }

  private Optional<? extends SlpBody> types(ServiceTypeRequest request, Asker asker)
      throws SlpException {
    if (isAnswered(request.previousResponders())) {
      return Optional.empty();
    }
    List<String> requested = ourScopes(request.scopes());
    Optional<String> authority = Optional.empty();
    if (request.namingAuthority().isPresent()) {
      authority = Optional.of(SlpText.comparable(request.namingAuthority().get()));
    }
    List<String> types = new ArrayList<>();
    for (String type : catalog.types(requested).toList()) {
      if (authority.isEmpty() || authority.get().equals(Catalog.namingAuthority(type))) {
        types.add(type);
      }
    }
    return saying(new ServiceTypeReply(0, types), types.isEmpty(), asker);
  }

  // ---- registrations

  private SlpError register(
      ServiceRegistration request, SlpMessage message, int size, Inet4Address source)
      throws SlpException {
    Registrations known = directoryAgent();
    String type = SlpText.comparable(request.serviceType());
    if (type.isEmpty() || request.entry().url().isBlank()) {
      throw new SlpException(SlpError.PARSE_ERROR, "a registration without type or URL");
    }
    checkAuthenticators(request.entry().authenticators() + request.attributeAuthenticators());
    List<String> requested = checkedScopes(request.scopes());
    Attributes attributes = Attributes.parse(request.attributes());
    if (request.entry().lifetimeSeconds() == 0
        || !Catalog.isType(type)
        || type.equals(DIRECTORY_TYPE)
        || type.equals(AGENT_TYPE)
        || catalog.isOurs(request.entry().url(), attributes)) {
      throw new SlpException(SlpError.INVALID_REGISTRATION, "nothing that may be registered");
    }
    return known.register(
        new Advertisement(
            request.entry().url(),
            type,
            requested,
            message.language(),
            request.entry().lifetimeSeconds(),
            attributes),
        message.has(SlpHeader.FRESH),
        source,
        size);
  }

  private SlpError deregister(ServiceDeregistration request, Inet4Address source)
      throws SlpException {
    Registrations known = directoryAgent();
    checkAuthenticators(request.entry().authenticators());
    return known.deregister(
        request.entry().url(),
        checkedScopes(request.scopes()),
        TagList.parse(request.tags()),
        source);
  }

  private Registrations directoryAgent() throws SlpException {
    return registrations.orElseThrow(
        () -> new SlpException(SlpError.MSG_NOT_SUPPORTED, "we are no directory agent"));
  }

  private static SlpBody acknowledged(SlpError error) {
    return new ServiceAcknowledgment(error.code());
  }

  // ---- what all have in common

  /** Whoever asked everybody is not told that there is nothing (RFC 2608 §8.2). */
  private static Optional<SlpBody> saying(SlpBody body, boolean badNews, Asker asker) {
    return badNews && !asker.unicast() ? Optional.empty() : Optional.of(body);
  }

  /** RFC 2608 §8.1: silently, by unicast as well. */
  private boolean isAnswered(String previousResponders) {
    for (String responder : previousResponders.split(",", -1)) {
      String address = responder.strip();
      if (networks.stream().anyMatch(each -> each.address().getHostAddress().equals(address))) {
        return true;
      }
    }
    return false;
  }

  /** Those of a request's scopes that we have. */
  private List<String> ourScopes(String list) throws SlpException {
    return checkedScopes(list).stream().filter(scopes::contains).toList();
  }

  /** All scopes of a message; one of them at least has to be ours (RFC 2608 §11.1). */
  private List<String> checkedScopes(String list) throws SlpException {
    List<String> requested = SlpText.list(list);
    if (requested.stream().noneMatch(scopes::contains)) {
      throw new SlpException(SlpError.SCOPE_NOT_SUPPORTED, "none of the scopes is ours");
    }
    return requested;
  }

  private static void checkSpi(String spi) throws SlpException {
    if (!spi.isBlank()) {
      throw new SlpException(SlpError.AUTHENTICATION_UNKNOWN, "no SPI is known here");
    }
  }

  private static void checkAuthenticators(int count) throws SlpException {
    if (count > 0) {
      throw new SlpException(SlpError.AUTHENTICATION_UNKNOWN, "nothing here can be verified");
    }
  }

  /** RFC 2608 §7: that there is something, but not in that language, is an error. */
  private static List<Advertisement> inLanguage(List<Advertisement> services, String language)
      throws SlpException {
    List<Advertisement> found =
        services.stream().filter(e -> SlpHeader.sameLanguage(e.language(), language)).toList();
    if (found.isEmpty() && !services.isEmpty()) {
      throw new SlpException(SlpError.LANGUAGE_NOT_SUPPORTED, language);
    }
    return found;
  }
}
