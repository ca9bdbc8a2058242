// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.identity.Identities;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Who may hear of which disk: the one rule of SendTargets, SLP and iSNS. It comes from who may log
 * in. A disk is told to an initiator that could have it by its name and address. Where no name is
 * given, it is told to the machine whose address it is bound to. A target that is asked for by its
 * full name is told to whoever could log in from his address under some name. Nothing here waits.
 *
 * <p>By SLP and iSNS nobody proves who he is. So they tell of a disk that wants a proof by CHAP
 * only to those who name its target in full, as a login to it would; where every login has to prove
 * itself, they tell of none.
 *
 * @param ownDhcp whether machines get their addresses from us
 * @param chap who has to prove what
 */
public record TargetVisibility(
    Registry registry, Identities identities, boolean ownDhcp, ChapRules chap) {

  /** The disks that this initiator could log in to, before CHAP has its say; the open ones last. */
  public List<Registration> toInitiator(String name, InetAddress address, int most) {
    return Stream.of(
            configuredFor(name).stream(),
            identities.givenTo(name).flatMap(registry::find).stream(),
            registry.open(most).stream())
        .flatMap(found -> found)
        .distinct()
        .filter(known -> isAdmitted(known, name, address))
        .limit(most)
        .toList();
  }

  /** The disks that this initiator is told of without a proof. */
  public List<Registration> toStranger(String name, InetAddress address, int most) {
    return toInitiator(name, address, most).stream().filter(this::needsNoProof).toList();
  }

  /** The disks that everybody is told of without a proof. */
  public List<Registration> toAnybody(int most) {
    return registry.open(most).stream().filter(this::needsNoProof).toList();
  }

  /** The disk of the machine that has this address, without a proof. */
  public Optional<Registration> toAddress(Inet4Address address) {
    return registry
        .byAddress(address)
        .filter(known -> address.equals(known.address()))
        .filter(this::needsNoProof);
  }

  private boolean needsNoProof(Registration known) {
    return chap.shows(known, null);
  }

  /** The target of that name, if a login from that address could succeed. */
  public Optional<Registration> named(String target, InetAddress address) {
    return identities
        .clientOf(target)
        .flatMap(registry::find)
        .filter(known -> chap.mode() != ChapMode.REQUIRED)
        .filter(known -> ClientAccess.elsewhere(known, ownDhcp, address).isEmpty());
  }

  /** The names that may log in to a disk; none where everybody may. */
  public List<String> initiators(Registration known) {
    if (known.client().open()) {
      return List.of();
    }
    List<InitiatorName> names = known.client().initiators();
    return names.isEmpty()
        ? List.of(identities.initiator(known.client().name()).value())
        : names.stream().map(InitiatorName::value).toList();
  }

  /** Methods and names of the proofs that a disk wants, as {@code chap/lab1}; none for no proof. */
  public List<String> credentials(Registration known) {
    Chap wanted = chap.mode() == ChapMode.NONE ? null : known.chap();
    return wanted == null ? List.of() : List.of("chap/" + wanted.handed().client().user());
  }

  /** The address that a disk is bound to, if it is bound to one that is known. */
  public Optional<InetAddress> boundTo(Registration known) {
    return ClientAccess.boundTo(known, ownDhcp);
  }

  private boolean isAdmitted(Registration known, String name, InetAddress address) {
    return ClientAccess.refusal(
            known, identities.initiator(known.client().name()), ownDhcp, name, address)
        .isEmpty();
  }

  private Optional<Registration> configuredFor(String name) {
    try {
      return registry.byInitiator(new InitiatorName(name.toLowerCase(Locale.ROOT)));
    } catch (InvalidClientException e) {
      return Optional.empty();
    }
  }
}
