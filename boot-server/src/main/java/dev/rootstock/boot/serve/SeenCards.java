// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.MachineFacts;
import dev.rootstock.boot.clients.MachineUuid;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.net.Bounded;
import dev.rootstock.boot.net.RateLimit;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers with which card a client was seen that is known by its UUID or its initiator name: its
 * initramfs tells neither, and asks from the same card. What stands at a client's place is not
 * remembered, for the next machine there is the client then.
 *
 * <p>Anybody can send such a packet, so a client is seen with {@link Limits#SEEN_CARDS_BURST} new
 * cards at once and few in an hour, and a card that is a key of somebody is nobody else's.
 */
final class SeenCards {
  private static final Logger log = LoggerFactory.getLogger(SeenCards.class);

  private final Registry registry;
  private final LongSupplier nanoTime;
  private final Bounded<ClientName, RateLimit> rates = new Bounded<>(Limits.SEEN_CARDS_CLIENTS);

  SeenCards(Registry registry, LongSupplier nanoTime) {
    this.registry = registry;
    this.nanoTime = nanoTime;
  }

  /**
   * A client's firmware has asked for something.
   *
   * @return completes when what there is to remember is durable
   */
  CompletionStage<?> seen(ClientName name, MachineFacts facts) {
    Optional<Registration> found = registry.find(name);
    if (found.isEmpty() || facts.card().isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    MacAddress card = facts.card().get();
    boolean news =
        tells(facts, found.get().client())
            && registry.byMac(card).isEmpty()
            && !found.get().seenCards().contains(card);
    return news && rate(name).tryTake()
        ? remember(name, card)
        : CompletableFuture.completedFuture(null);
  }

  /** Whether the machine itself says who it is. */
  private static boolean tells(MachineFacts facts, Client client) {
    UUID uuid = client.uuid();
    return (uuid != null && facts.uuid().filter(said -> MachineUuid.same(said, uuid)).isPresent())
        || facts.initiator().filter(client.initiators()::contains).isPresent();
  }

  private synchronized RateLimit rate(ClientName name) {
    return rates.computeIfAbsent(
        name,
        ignored -> new RateLimit(Limits.SEEN_CARDS_BURST, Limits.SEEN_CARDS_PER_SECOND, nanoTime));
  }

  /** A card that has moved from another machine is that one's no longer. */
  private CompletionStage<?> remember(ClientName name, MacAddress card) {
    CompletionStage<?> freed =
        registry
            .bySeenCard(card)
            .<CompletionStage<?>>map(
                other -> registry.update(other.client().name(), now -> now.withoutSeenCard(card)))
            .orElseGet(() -> CompletableFuture.completedFuture(null));
    return freed
        .thenCompose(ignored -> registry.update(name, now -> now.withSeenCard(card)))
        .whenComplete(
            (client, failure) -> {
              if (failure == null) {
                log.info("client {}: seen with network card {}", name, card);
              } else if (!(failure.getCause() instanceof InvalidClientException)) {
                log.warn(
                    "client {}: card {} is not remembered: {}", name, card, failure.getMessage());
              }
            });
  }
}
