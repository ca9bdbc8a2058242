// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what to answer: a message in, a message out, no sockets. Not for several threads at once.
 *
 * <p>Who asks is whom he says he is, at the address that he has: no more is proved at a discovery
 * session without CHAP, and no more is told here. Discovery domains are ours to make, so whoever
 * would change them is not authorized.
 */
final class IsnsResponder {
  private static final Logger log = LoggerFactory.getLogger(IsnsResponder.class);

  private final IsnsDatabase database;
  private final Registrar registrar;

  IsnsResponder(IsnsDatabase database) {
    this.database = database;
    this.registrar = new Registrar(database);
  }

  /** A request, taken apart (RFC 4171 §5.6). */
  private record Request(String source, List<IsnsAttribute> key, List<IsnsAttribute> operating) {}

  /** Answers a request. */
  IsnsMessage answer(IsnsMessage message, InetAddress sender) {
    try {
      IsnsFunction function =
          IsnsFunction.of(message.function())
              .orElseThrow(() -> wrong(IsnsStatus.MESSAGE_NOT_SUPPORTED, "" + message.function()));
      Request request = request(message);
      database.forget();
      database.heard(request.source(), sender);
      return switch (function) {
        case DEVICE_REGISTER -> register(message, request, sender);
        case DEVICE_QUERY -> query(message, request, sender);
        case DEVICE_GET_NEXT -> next(message, request, sender);
        case DEVICE_DEREGISTER -> deregister(message, request, sender);
        case SCN_REGISTER, SCN_DEREGISTER -> notifications(function, message, request, sender);
        case SCN_EVENT -> event(message, request, sender);
        case DOMAIN_REGISTER, DOMAIN_DEREGISTER, DOMAIN_SET_REGISTER, DOMAIN_SET_DEREGISTER ->
            throw wrong(IsnsStatus.SOURCE_UNAUTHORIZED, "domains follow who may log in");
        case STATE_CHANGE, STATUS_INQUIRY ->
            throw wrong(IsnsStatus.MESSAGE_NOT_SUPPORTED, "a server's message");
      };
    } catch (IsnsException e) {
      log.debug("{} for {}: {}", e.status(), sender, e.getMessage());
      return done(message, e.status(), List.of());
    }
  }

  /** The initiator that a request says it is from, if it can be read. */
  static Optional<String> source(IsnsMessage message) {
    return message.attributes().stream()
        .findFirst()
        .filter(each -> each.is(Tag.NODE_NAME) && !each.isEmpty())
        .map(each -> each.text().toLowerCase(Locale.ROOT));
  }

  private static Request request(IsnsMessage message) throws IsnsException {
    if (message.isResponse() || message.has(IsnsMessage.AUTHENTICATED)) {
      throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "a request that is none");
    }
    List<IsnsAttribute> attributes = message.attributes();
    if (attributes.isEmpty() || attributes.getFirst().equals(IsnsAttribute.DELIMITER)) {
      throw wrong(IsnsStatus.SOURCE_ABSENT, "nobody says who asks");
    }
    String source =
        source(message)
            .orElseThrow(() -> wrong(IsnsStatus.SOURCE_UNKNOWN, "the source is no iSCSI node"));
    List<IsnsAttribute> rest = attributes.subList(1, attributes.size());
    int delimiter = rest.indexOf(IsnsAttribute.DELIMITER);
    if (delimiter < 0 || rest.lastIndexOf(IsnsAttribute.DELIMITER) != delimiter) {
      if (IsnsFunction.of(message.function()).filter(IsnsFunction.SCN_DEREGISTER::equals).isEmpty()
          || delimiter >= 0) {
        throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "not exactly one delimiter");
      }
      delimiter = rest.size(); // RFC 4171 §5.6.5.6 has no operating attributes to part from
    }
    return new Request(
        source,
        List.copyOf(rest.subList(0, delimiter)),
        List.copyOf(rest.subList(Math.min(rest.size(), delimiter + 1), rest.size())));
  }

  private IsnsMessage register(IsnsMessage message, Request request, InetAddress sender)
      throws IsnsException {
    Registrar.Registered registered =
        registrar.register(
            request.source(),
            sender,
            request.key(),
            request.operating(),
            message.has(IsnsMessage.REPLACE));
    return done(message, IsnsStatus.SUCCESSFUL, parted(registered.key(), registered.objects()));
  }

  private IsnsMessage query(IsnsMessage message, Request request, InetAddress sender)
      throws IsnsException {
    List<IsnsAttribute> answer = view(request, sender).query(request.key(), request.operating());
    return done(message, IsnsStatus.SUCCESSFUL, parted(request.key(), bounded(answer)));
  }

  private IsnsMessage next(IsnsMessage message, Request request, InetAddress sender)
      throws IsnsException {
    IsnsObject next =
        view(request, sender)
            .next(request.key(), request.operating())
            .orElseThrow(() -> wrong(IsnsStatus.NO_SUCH_ENTRY, "that was the last one"));
    List<IsnsAttribute> asked =
        request.operating().stream().filter(IsnsAttribute::isEmpty).toList();
    // As with a query (RFC 4171 §5.7.5.2): who names no attribute gets them all.
    return done(
        message,
        IsnsStatus.SUCCESSFUL,
        parted(
            IsnsView.keys(next, request.key()),
            asked.isEmpty() ? next.attributes() : IsnsView.values(next, asked)));
  }

  private IsnsView view(Request request, InetAddress sender) {
    Set<String> named = new HashSet<>();
    request.key().stream()
        .filter(each -> each.is(Tag.NODE_NAME) && !each.isEmpty())
        .forEach(each -> named.add(each.text().toLowerCase(Locale.ROOT)));
    return database.view(request.source(), sender, named);
  }

  private IsnsMessage deregister(IsnsMessage message, Request request, InetAddress sender)
      throws IsnsException {
    List<IsnsAttribute> refused =
        registrar.deregister(request.source(), sender, request.operating());
    return refused.isEmpty()
        ? done(message, IsnsStatus.SUCCESSFUL, List.of())
        : done(message, IsnsStatus.SOURCE_UNAUTHORIZED, parted(List.of(), refused));
  }

  /** RFC 4171 §5.6.5.5 and §5.6.5.6. */
  private IsnsMessage notifications(
      IsnsFunction function, IsnsMessage message, Request request, InetAddress sender)
      throws IsnsException {
    RegisteredEntity entity =
        database
            .entityOf(request.source(), sender)
            .orElseThrow(() -> wrong(IsnsStatus.SOURCE_UNKNOWN, "it is not registered"));
    @Nullable IsnsObject node = entity.find(ObjectType.NODE, request.key());
    if (node == null) {
      throw wrong(IsnsStatus.SOURCE_UNAUTHORIZED, "a node of somebody else");
    }
    int bitmap = 0;
    if (function == IsnsFunction.SCN_REGISTER) {
      List<IsnsAttribute> asked = request.operating();
      if (asked.size() != 1
          || !asked.getFirst().is(Tag.NODE_SCN_BITMAP)
          || asked.getFirst().isEmpty()) {
        throw wrong(IsnsStatus.MESSAGE_FORMAT_ERROR, "a notification's bitmap is missing");
      }
      bitmap = asked.getFirst().number();
      if ((bitmap & Scn.MANAGEMENT) != 0 || entity.notificationPort().isEmpty()) {
        throw wrong(IsnsStatus.SCN_REGISTRATION_REJECTED, "no port, or a manager's bitmap");
      }
    }
    List<IsnsAttribute> attributes =
        new ArrayList<>(
            node.attributes().stream().filter(each -> !each.is(Tag.NODE_SCN_BITMAP)).toList());
    attributes.add(IsnsAttribute.of(Tag.NODE_SCN_BITMAP, bitmap));
    entity.put(new IsnsObject(ObjectType.NODE, entity.index, attributes));
    String name = node.value(Tag.NODE_NAME).text();
    entity.notified.put(name, database.targetsOf(name, sender));
    return done(message, IsnsStatus.SUCCESSFUL, List.of());
  }

  /** RFC 4171 §5.6.5.7. An initiator shares its domains with targets alone, and those are we. */
  private IsnsMessage event(IsnsMessage message, Request request, InetAddress sender)
      throws IsnsException {
    if (database
        .entityOf(request.source(), sender)
        .map(each -> each.find(ObjectType.NODE, request.key()))
        .isEmpty()) {
      throw wrong(IsnsStatus.SOURCE_UNAUTHORIZED, "an event of a node that is not the sender's");
    }
    return done(message, IsnsStatus.SUCCESSFUL, List.of());
  }

  private static List<IsnsAttribute> parted(List<IsnsAttribute> key, List<IsnsAttribute> rest) {
    List<IsnsAttribute> all = new ArrayList<>(key);
    all.add(IsnsAttribute.DELIMITER);
    all.addAll(rest);
    return all;
  }

  private static List<IsnsAttribute> bounded(List<IsnsAttribute> answer) {
    List<IsnsAttribute> fitting = new ArrayList<>();
    int length = 0;
    for (IsnsAttribute each : answer) {
      length += each.length();
      if (length > Limits.RESPONSE) {
        break;
      }
      fitting.add(each);
    }
    return fitting;
  }

  private static IsnsMessage done(
      IsnsMessage request, IsnsStatus status, List<IsnsAttribute> attributes) {
    return request.answered(IsnsMessage.FROM_SERVER, status, attributes);
  }

  private static IsnsException wrong(IsnsStatus status, String problem) {
    return new IsnsException(status, problem);
  }
}
