// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the server says unasked: status inquiries (ESI, RFC 4171 §5.6.5.13) and state change
 * notifications (SCN, §5.6.5.8). No sockets, no time of its own: whoever calls it sends what it
 * returns.
 */
final class IsnsWatch {
  private final IsnsDatabase database;
  private int transaction;

  IsnsWatch(IsnsDatabase database) {
    this.database = database;
  }

  /**
   * A message for an initiator.
   *
   * @param node whose connection to use, if it has one
   * @param port where it waits for messages otherwise, at that address
   */
  record Outgoing(String node, InetAddress address, IsnsPort port, IsnsMessage message) {}

  /** What is due now. */
  List<Outgoing> due() {
    database.forget();
    List<Outgoing> due = new ArrayList<>();
    database.entities().forEach(entity -> inquire(entity).ifPresent(due::add));
    database.entities().forEach(entity -> due.addAll(notifications(entity)));
    return due;
  }

  /**
   * RFC 4171 §6.3.4: the interval begins with the last answer or registration, whatever else the
   * client asks; all attempts come before twice the interval has passed, and nothing goes before.
   */
  private Optional<Outgoing> inquire(RegisteredEntity entity) {
    int interval = entity.inquiryInterval();
    Optional<IsnsObject> portal = entity.inquired();
    if (interval == 0 || portal.isEmpty() || database.now() < entity.inquireAt) {
      return Optional.empty();
    }
    if (entity.inquiries == Limits.ESI_ATTEMPTS) {
      silent(entity, portal.get());
      return Optional.empty();
    }
    entity.inquiries++;
    int step = interval / (Limits.ESI_ATTEMPTS + 1);
    int rest = interval - (Limits.ESI_ATTEMPTS - 1) * step;
    entity.inquireAt = database.now() + (entity.inquiries < Limits.ESI_ATTEMPTS ? step : rest);
    IsnsMessage inquiry =
        IsnsMessage.request(
            IsnsFunction.STATUS_INQUIRY,
            IsnsMessage.FROM_SERVER,
            next(),
            List.of(
                IsnsAttribute.of(Tag.TIMESTAMP, database.now()),
                entity.id(),
                portal.get().value(Tag.PORTAL_ADDRESS),
                portal.get().value(Tag.PORTAL_PORT)));
    return RegisteredEntity.port(portal.get(), Tag.ESI_PORT)
        .map(port -> new Outgoing(anyNode(entity), entity.owner, port, inquiry));
  }

  /** A portal that did not answer goes, and with the last that is asked its entity. */
  private void silent(RegisteredEntity entity, IsnsObject portal) {
    entity.remove(portal);
    entity.inquiries = 0;
    entity.inquireAt = database.now();
    if (entity.inquired().isEmpty()) {
      database.remove(entity);
    }
  }

  /** An answer to a status inquiry (RFC 4171 §5.7.5.13). */
  void answered(IsnsMessage message, InetAddress sender) {
    if (message.function() != IsnsFunction.STATUS_INQUIRY.responseId()
        || message.status().orElse(-1) != IsnsStatus.SUCCESSFUL.code()) {
      return;
    }
    message.attributes().stream()
        .filter(each -> each.is(Tag.ENTITY_ID) && !each.isEmpty())
        .findFirst()
        .flatMap(database::entityNamed)
        .filter(entity -> entity.owner.equals(sender))
        .ifPresent(
            entity -> {
              entity.heard = database.now();
              entity.inquiries = 0;
              entity.inquireAt = database.now() + entity.inquiryInterval();
            });
  }

  private List<Outgoing> notifications(RegisteredEntity entity) {
    List<Outgoing> notifications = new ArrayList<>();
    Optional<IsnsPort> port = entity.notificationPort();
    for (IsnsObject node : port.isEmpty() ? List.<IsnsObject>of() : entity.nodes()) {
      int bitmap = RegisteredEntity.number(node, Tag.NODE_SCN_BITMAP);
      String name = node.value(Tag.NODE_NAME).text();
      if (bitmap == 0) {
        continue;
      }
      Set<String> now = database.targetsOf(name, entity.owner);
      Set<String> before = entity.notified.getOrDefault(name, now);
      entity.notified.put(name, now);
      Set<String> added = minus(now, before, Scn.wantsTargets(bitmap, Scn.ADDED));
      Set<String> removed = minus(before, now, Scn.wantsTargets(bitmap, Scn.REMOVED));
      if (!added.isEmpty() || !removed.isEmpty()) {
        notifications.add(
            new Outgoing(
                name,
                entity.owner,
                port.get(),
                Scn.message(next(), name, database.now(), added, removed)));
      }
    }
    return notifications;
  }

  private static Set<String> minus(Set<String> all, Set<String> others, boolean wanted) {
    Set<String> rest = new TreeSet<>(wanted ? all : Set.of());
    rest.removeAll(others);
    return rest;
  }

  private static String anyNode(RegisteredEntity entity) {
    return entity.nodes().stream()
        .findFirst()
        .map(each -> each.value(Tag.NODE_NAME).text())
        .orElse("");
  }

  private int next() {
    transaction = (transaction + 1) & 0xFFFF;
    return transaction;
  }
}
