// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.net.RateLimit;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what to answer: a datagram in, a datagram out or none, no sockets. Not for several
 * threads at once.
 *
 * <p>Whoever asks by multicast hears good news only: errors and empty answers are left unsaid (RFC
 * 2608 §7, §8.2). Who asks by unicast always hears something, if he is on the link. Not done yet:
 * SAAdvert, registration with directory agents, attributes, service types and TCP, which are the
 * business of the whole of discovery, and are refused by name.
 */
final class SlpResponder {
  private static final Logger log = LoggerFactory.getLogger(SlpResponder.class);

  private static final List<String> SERVICE_TYPES =
      List.of("service:iscsi:target", "service:iscsi");

  /** RFC 2608 §11.2: requests for these may come without scopes. We are neither. */
  private static final List<String> AGENT_TYPES =
      List.of("service:directory-agent", "service:service-agent");

  private final List<SlpNetwork> networks;
  private final List<String> scopes;
  private final SlpTargets targets;
  private final RateLimit rate;

  /**
   * @param scopes at least one; RFC 2608 §6 has DEFAULT where nothing is configured
   */
  SlpResponder(
      List<SlpNetwork> networks, List<String> scopes, SlpTargets targets, LongSupplier nanoTime)
      throws SlpException {
    this.networks = List.copyOf(networks);
    this.scopes = SlpText.list(String.join(",", scopes));
    this.targets = targets;
    this.rate = new RateLimit(Limits.ANSWER_BURST, Limits.ANSWERS_PER_SECOND, nanoTime);
  }

  /**
   * Answers one datagram.
   *
   * @param toUs whether it was sent to our own address, and not to a group or to everybody
   * @param network where it came in
   */
  Optional<byte[]> answer(byte[] datagram, Inet4Address source, boolean toUs, SlpNetwork network) {
    ByteBuffer message = ByteBuffer.wrap(datagram);
    if (datagram.length < SlpHeader.XID_AT + 2 || !network.isOnLink(source)) {
      return Optional.empty();
    }
    Optional<SlpFunction> function =
        SlpFunction.ofRequest(message.get(SlpHeader.FUNCTION_AT) & 0xFF);
    if (function.isEmpty() || !rate.tryTake()) {
      return Optional.empty();
    }
    boolean unicast = toUs && !SlpHeader.isMulticast(message);
    String language = SlpHeader.ENGLISH;
    try {
      SlpHeader header = SlpHeader.read(message, function.get());
      language = header.language();
      return answer(message, header, source, unicast);
    } catch (SlpException e) {
      log.debug("{} from {}: {}", e.error(), source, e.getMessage());
      int xid = message.getShort(SlpHeader.XID_AT) & 0xFFFF;
      return unicast
          ? Optional.of(ServiceReply.failed(function.get(), xid, language, e.error()).encode())
          : Optional.empty();
    }
  }

  private Optional<byte[]> answer(
      ByteBuffer message, SlpHeader header, Inet4Address source, boolean unicast)
      throws SlpException {
    if (header.function() != SlpFunction.SERVICE_REQUEST) {
      throw new SlpException(SlpError.MSG_NOT_SUPPORTED, header.function().toString());
    }
    ServiceRequest request = ServiceRequest.read(message, header);
    if (request.previousResponders().stream().anyMatch(this::isOurs)) {
      return Optional.empty(); // RFC 2608 §8.1: silently, by unicast as well
    }
    List<String> urls = find(request, source);
    if (urls.isEmpty() && !unicast) {
      return Optional.empty();
    }
    return Optional.of(
        new ServiceReply(header.function(), header.xid(), header.language(), SlpError.OK, urls)
            .encode());
  }

  private List<String> find(ServiceRequest request, Inet4Address source) throws SlpException {
    boolean agents = AGENT_TYPES.contains(request.serviceType());
    if (request.scopes().stream().noneMatch(scopes::contains)
        && !(agents && request.scopes().isEmpty())) {
      throw new SlpException(SlpError.SCOPE_NOT_SUPPORTED, "none of the scopes is ours");
    }
    if (!request.spi().isBlank()) {
      throw new SlpException(SlpError.AUTHENTICATION_UNKNOWN, "no SPI is known here");
    }
    if (!SERVICE_TYPES.contains(request.serviceType())) {
      return List.of();
    }
    Predicate predicate = Predicate.parse(request.predicate());
    if (!predicate.isEmpty() && !request.header().isEnglish()) {
      throw new SlpException(SlpError.LANGUAGE_NOT_SUPPORTED, request.header().language());
    }
    return targets.visibleTo(source).stream()
        .filter(predicate::matches)
        .map(SlpTarget::url)
        .toList();
  }

  private boolean isOurs(String responder) {
    String address = responder.strip();
    return networks.stream().anyMatch(each -> each.address().getHostAddress().equals(address));
  }
}
