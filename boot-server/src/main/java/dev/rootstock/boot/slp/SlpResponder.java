// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.boot.net.Bounded;
import dev.rootstock.boot.net.RateLimit;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what to answer: a message in, a message out or none, no sockets. Not for several threads
 * at once.
 *
 * <p>Whoever asks by multicast hears good news only: errors and empty answers are left unsaid (RFC
 * 2608 §7, §8.2). Who asks by unicast always hears something, if he is on the link and does not ask
 * too often.
 */
final class SlpResponder {
  private static final Logger log = LoggerFactory.getLogger(SlpResponder.class);

  private final SlpAgents agents;
  private final RateLimit rate;
  private final Map<Inet4Address, RateLimit> ratesOfOne = new Bounded<>(Limits.SOURCES);
  private final LongSupplier nanoTime;

  /**
   * @param start when this process began, having no registrations
   */
  SlpResponder(SlpSettings settings, SlpTargets targets, Instant start, LongSupplier nanoTime)
      throws SlpException {
    this.agents = new SlpAgents(settings, targets, start, nanoTime);
    this.rate = new RateLimit(Limits.ANSWER_BURST, Limits.ANSWERS_PER_SECOND, nanoTime);
    this.nanoTime = nanoTime;
  }

  /** What there is to tell of. */
  Catalog catalog() {
    return agents.catalog();
  }

  /**
   * Answers one datagram.
   *
   * @param toUs whether it was sent to our own address, and not to a group or to everybody
   * @param network where it came in
   */
  Optional<byte[]> answer(byte[] datagram, Inet4Address source, boolean toUs, SlpNetwork network) {
    ByteBuffer message = ByteBuffer.wrap(datagram);
    boolean unicast = toUs && !SlpHeader.isMulticast(message);
    return answer(message, new SlpAgents.Asker(source, network, unicast), Limits.MESSAGE);
  }

  /** Answers one message of a TCP connection. */
  Optional<byte[]> answerStream(byte[] message, Inet4Address source, SlpNetwork network) {
    return answer(
        ByteBuffer.wrap(message),
        new SlpAgents.Asker(source, network, true),
        Limits.STREAM_MESSAGE);
  }

  /** Says that the directory agent is there, or with {@code leaving} that it ends. */
  Optional<byte[]> unsolicitedAdvert(SlpNetwork network, boolean leaving) {
    return agents.unsolicitedAdvert(network, leaving).map(body -> encode(0, "en", body));
  }

  private static byte[] encode(int xid, String language, SlpBody body) {
    return new SlpMessage(0, xid, language, body).encode(Limits.MESSAGE);
  }

  private Optional<byte[]> answer(ByteBuffer message, SlpAgents.Asker asker, int most) {
    if (message.limit() < SlpHeader.XID_AT + 2 || !asker.network().isOnLink(asker.source())) {
      return Optional.empty();
    }
    Optional<SlpFunction> function =
        SlpFunction.of(message.get(SlpHeader.FUNCTION_AT) & 0xFF).filter(SlpFunction::isRequest);
    if (function.isEmpty() || !isInTime(asker.source())) {
      return Optional.empty();
    }
    int xid = message.getShort(SlpHeader.XID_AT) & 0xFFFF;
    String language = SlpHeader.ENGLISH;
    Optional<? extends SlpBody> body;
    try {
      SlpHeader header = SlpHeader.read(message, function.get());
      language = header.language();
      body = agents.answer(SlpMessage.read(message, header), message.limit(), asker);
    } catch (SlpException e) {
      log.debug("{} from {}: {}", e.error(), asker.source(), e.getMessage());
      body =
          asker.unicast()
              ? Optional.of(failed(function.get(), e.error().code()))
              : Optional.empty();
    }
    String answered = language;
    return body.map(each -> new SlpMessage(0, xid, answered, each).encode(most));
  }

  private boolean isInTime(Inet4Address source) {
    @Nullable RateLimit known = ratesOfOne.get(source);
    RateLimit ofOne =
        known != null
            ? known
            : new RateLimit(Limits.ANSWER_BURST_OF_ONE, Limits.ANSWERS_PER_SECOND_OF_ONE, nanoTime);
    if (known == null) {
      ratesOfOne.put(source, ofOne);
    }
    return ofOne.tryTake() && rate.tryTake();
  }

  /**
   * An answer that says nothing but an error. It has its empty lists, although RFC 2608 §7 lets an
   * error leave them out: not every reader expects that.
   */
  private static SlpBody failed(SlpFunction request, int error) {
    return switch (request) {
      case ATTRIBUTE_REQUEST -> new AttributeReply(error, List.of());
      case SERVICE_TYPE_REQUEST -> new ServiceTypeReply(error, List.of());
      case SERVICE_REGISTRATION, SERVICE_DEREGISTER -> new ServiceAcknowledgment(error);
      default -> new ServiceReply(error, List.of());
    };
  }
}
