// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Which client a machine is, by what is said of it: the one rule for DHCP, for a proxy and for
 * scripts.
 *
 * <ol>
 *   <li>Card, UUID and initiator name are the machine's own. Each that a client has as a key names
 *       that client, and one is enough: an initramfs sends no UUID. If they name two, nobody can
 *       say which is right, and the machine is neither.
 *   <li>Otherwise a card that a client was seen with, when another key named it. It counts only
 *       where nothing else that the machine says contradicts: cards move from machine to machine.
 *   <li>Otherwise its place, the client whose circuit says most; a place is no machine, so what is
 *       known to stand elsewhere is not taken for what belongs here. Two clients, one by circuit
 *       and one by remote end, are a dispute again.
 * </ol>
 */
public final class Recognition {
  private Recognition() {}

  /** Who it is. */
  public sealed interface Found {
    /** A client. */
    record Known(Registration client) implements Found {}

    /** No client. */
    record Stranger() implements Found {}

    /**
     * Two clients at once, so neither.
     *
     * @param clients their names
     * @param reason one sentence
     */
    record Disputed(List<ClientName> clients, String reason) implements Found {
      public Disputed {
        clients = List.copyOf(clients);
      }
    }
  }

  /** Whose keys are whose. */
  public interface Keys {
    Optional<Registration> byMac(MacAddress mac);

    Optional<Registration> byUuid(UUID uuid);

    Optional<Registration> byInitiator(InitiatorName initiator);

    /** The client that was seen with this card, though it is no key of it. */
    Optional<Registration> bySeenCard(MacAddress mac);

    /** The client that has exactly this place as a key. */
    Optional<Registration> byCircuit(RelayCircuit circuit);
  }

  /** A client, and the fact that names it, in words. */
  private record Claim(Registration client, String fact) {}

  /** Applies the rule. */
  public static Found of(MachineFacts facts, Keys keys) {
    List<Claim> own = new ArrayList<>();
    facts.card().ifPresent(card -> claim(own, keys.byMac(card), "network card " + card));
    facts.uuid().ifPresent(uuid -> claim(own, keys.byUuid(uuid), "UUID " + uuid));
    facts
        .initiator()
        .ifPresent(name -> claim(own, keys.byInitiator(name), "initiator name " + name));
    if (!own.isEmpty()) {
      return judge(own);
    }
    Optional<Registration> seen =
        facts.card().flatMap(keys::bySeenCard).filter(client -> !contradicts(facts, client));
    if (seen.isPresent()) {
      return new Found.Known(seen.get());
    }
    return facts.place().map(place -> atPlace(place, keys)).orElseGet(Found.Stranger::new);
  }

  private static Found atPlace(RelayCircuit place, Keys keys) {
    List<Claim> claims = new ArrayList<>();
    for (RelayCircuit key : place.keys()) {
      claim(claims, keys.byCircuit(key), "circuit " + key);
      if (key.equals(place) && !claims.isEmpty()) {
        break; // nothing says more than all of it
      }
    }
    return claims.isEmpty() ? new Found.Stranger() : judge(claims);
  }

  private static Found judge(List<Claim> claims) {
    Claim first = claims.getFirst();
    for (Claim other : claims) {
      ClientName one = first.client().client().name();
      ClientName two = other.client().client().name();
      if (!one.equals(two)) {
        return new Found.Disputed(
            List.of(one, two),
            "its %s is client '%s', and its %s is client '%s': remove the wrong key with 'rootstock client set'"
                .formatted(first.fact(), one, other.fact(), two));
      }
    }
    return new Found.Known(first.client());
  }

  private static void claim(List<Claim> claims, Optional<Registration> client, String fact) {
    client.ifPresent(found -> claims.add(new Claim(found, fact)));
  }

  /** Whether the machine says of itself what is not true of the client. */
  private static boolean contradicts(MachineFacts facts, Registration registration) {
    Client client = registration.client();
    UUID uuid = client.uuid();
    boolean otherUuid =
        uuid != null && facts.uuid().filter(said -> !MachineUuid.same(said, uuid)).isPresent();
    boolean otherName =
        !client.initiators().isEmpty()
            && facts.initiator().filter(said -> !client.initiators().contains(said)).isPresent();
    return otherUuid || otherName;
  }
}
