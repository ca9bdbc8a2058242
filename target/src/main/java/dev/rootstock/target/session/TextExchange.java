// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import dev.rootstock.target.Admission;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.TextResponse;
import dev.rootstock.target.text.IscsiName;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.Negotiation;
import dev.rootstock.target.text.NegotiationException;
import dev.rootstock.target.text.Phase;
import dev.rootstock.target.text.SessionKind;
import dev.rootstock.target.text.TextAssembly;
import dev.rootstock.target.text.TextKey;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text requests of one connection: SendTargets, and the few keys that may change in the full
 * feature phase (RFC 7143 §6.4, §11.10, §11.11, Appendix C). One exchange at a time.
 */
final class TextExchange {
  private static final Logger LOG = LoggerFactory.getLogger(TextExchange.class);

  private final Session session;
  private final Connection connection;
  private TextAssembly text = new TextAssembly();
  private Negotiation negotiation = new Negotiation();

  /** The tag that the next request of the exchange has to bring, or {@link Tag#NONE}. */
  private int ttt = Tag.NONE;

  private int itt = Tag.NONE;

  /** The I bit, the same in all requests of the exchange (§11.10.3). */
  private boolean immediate;

  /** What SendTargets asks for in a discovery session, until the question has been passed on. */
  private @Nullable String sought;

  /** Whether policy has been asked, and has not answered yet. */
  private boolean asking;

  /** What of an answer is still to be sent. */
  private ByteBuf rest = Unpooled.EMPTY_BUFFER;

  TextExchange(Session session, Connection connection) {
    this.session = session;
    this.connection = connection;
  }

  /**
   * Takes a request, and makes ready what {@link #answer} answers it with; nothing is sent.
   *
   * @return 0, or the reason for a Reject (RFC 7143 §11.17.1)
   */
  int take(TextRequest request) {
    if (asking) {
      // §11.10: one outstanding text request a connection.
      return Reject.PROTOCOL_ERROR;
    }
    if (request.ttt() == Tag.NONE) {
      reset();
      itt = request.itt();
      immediate = request.immediate();
    } else if (request.ttt() != ttt || request.itt() != itt || request.immediate() != immediate) {
      return Reject.INVALID_PDU_FIELD;
    }
    try {
      if (rest.isReadable()) {
        askForRest(request);
      } else {
        text.add(request.data());
        if (!request.more()) {
          prepare(request, text.take());
        }
      }
      return 0;
    } catch (NegotiationException e) {
      LOG.debug("text of {} refused: {}", session.initiatorName(), e.getMessage());
      reset();
      return Reject.PROTOCOL_ERROR;
    }
  }

  private void reset() {
    text = new TextAssembly();
    negotiation = new Negotiation();
    rest = Unpooled.EMPTY_BUFFER;
    ttt = Tag.NONE;
    sought = null;
  }

  /** §6.2: while an answer is not whole, nothing but an empty request asks for more of it. */
  private static void askForRest(TextRequest request) throws NegotiationException {
    if (request.more() || request.data().isReadable()) {
      throw NegotiationException.malformed("a text within an answer that is not whole");
    }
  }

  private void prepare(TextRequest request, KeyValues offered) throws NegotiationException {
    List<KeyValues.Pair> answers = new ArrayList<>();
    SessionKind kind = session.isDiscovery() ? SessionKind.DISCOVERY : SessionKind.NORMAL;
    negotiation.receive(offered, Phase.FULL_FEATURE, kind, answers);
    // Asked for in this text: an empty one that follows only ends the exchange.
    if (offered.pairs().stream().anyMatch(p -> p.key().equals(TextKey.SEND_TARGETS.text()))) {
      if (offered.pairs().size() != 1) {
        throw NegotiationException.malformed("SendTargets is not alone");
      }
      prepareTargets(negotiation.text(TextKey.SEND_TARGETS));
      return;
    }
    if (session.isDiscovery() && !offered.pairs().isEmpty()) {
      // §4.3.
      throw NegotiationException.malformed("a discovery session takes SendTargets only");
    }
    if (request.complete() && negotiation.has(TextKey.MAX_RECV_DATA_SEGMENT_LENGTH)) {
      connection.parameters(
          connection
              .parameters()
              .withMaxSendSegment(negotiation.number(TextKey.MAX_RECV_DATA_SEGMENT_LENGTH)));
    }
    rest = Unpooled.wrappedBuffer(Negotiation.answers(answers).encode());
  }

  /** Appendix C. */
  private void prepareTargets(String which) {
    if (session.isDiscovery()) {
      sought = which;
      return;
    }
    // A normal session learns of its own target only, and All is not for it.
    String own = session.key().node();
    boolean asked = which.isEmpty() || IscsiName.normalise(which).filter(own::equals).isPresent();
    if (which.equals("All")) {
      rest = Unpooled.wrappedBuffer(KeyValues.of("SendTargets", "Reject").encode());
    } else {
      rest = Unpooled.wrappedBuffer(records(asked ? List.of(own) : List.of()));
    }
  }

  /** Answers a request that {@link #take} has taken. */
  void answer(TextRequest request) {
    String which = sought;
    if (request.more()) {
      respond(request, false, false, Unpooled.EMPTY_BUFFER);
    } else if (which != null) {
      sought = null;
      asking = true;
      // The request is released before the answer comes; its header stays what it is.
      ask()
          .whenComplete(
              (names, failure) ->
                  session.execute(() -> targetsKnown(request, which, names, failure)));
    } else {
      sendRest(request);
    }
  }

  private CompletionStage<List<String>> ask() {
    return session
        .sessions()
        .admission()
        .targets(
            new Admission.DiscoveryRequest(
                session.initiatorName(),
                session.initiator(),
                (InetSocketAddress) connection.channel().localAddress(),
                session.identity()));
  }

  private void targetsKnown(
      TextRequest request, String which, List<String> names, @Nullable Throwable failure) {
    asking = false;
    if (!session.isOpen()) {
      return;
    }
    if (failure != null) {
      LOG.warn("targets for {} could not be named", session.initiatorName(), failure);
      var _ = session.close("targets could not be named");
      return;
    }
    // One that is not named is meant by nothing: the target that the session is logged in to.
    String meant =
        which.isEmpty() ? session.key().node() : IscsiName.normalise(which).orElse(which);
    List<String> asked =
        which.equals("All") ? names : names.stream().filter(meant::equals).toList();
    rest = Unpooled.wrappedBuffer(records(asked));
    sendRest(request);
  }

  private byte[] records(List<String> names) {
    List<String> addresses =
        session
            .sessions()
            .portals()
            .reachable(
                (InetSocketAddress) connection.channel().localAddress(),
                session.key().portalGroup());
    List<KeyValues.Pair> pairs = new ArrayList<>();
    for (String name : names) {
      pairs.add(new KeyValues.Pair("TargetName", name));
      addresses.forEach(address -> pairs.add(new KeyValues.Pair("TargetAddress", address)));
    }
    return new KeyValues(pairs).encode();
  }

  /** Sends what one PDU holds; the initiator asks for more by an empty request (§11.10.4). */
  private void sendRest(TextRequest request) {
    int n = Math.min(rest.readableBytes(), connection.parameters().maxSendSegment());
    ByteBuf part = rest.readRetainedSlice(n);
    boolean more = rest.isReadable();
    respond(request, request.complete() && !more, more, part);
  }

  private void respond(TextRequest request, boolean complete, boolean more, ByteBuf data) {
    ttt = complete ? Tag.NONE : session.newTransferTag();
    connection
        .writer()
        .write(
            new TextResponse(
                complete,
                more,
                request.lun(),
                request.itt(),
                ttt,
                connection.takeStatSn(),
                connection.expCmdSn(),
                connection.maxCmdSn(),
                data));
    connection.flushSoon();
  }
}
