// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.Registration;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * Who may log in to a client's disk, before CHAP has its say (the design's "Who may log in"). With
 * {@code chap: none} names and addresses are claims, and the network is trusted not to lie.
 */
final class ClientAccess {
  private ClientAccess() {}

  /**
   * Why this initiator may not log in; empty when it may.
   *
   * @param given the initiator name that we give this client
   * @param ownDhcp whether machines get their addresses from us, so that a machine without one has
   *     not started yet
   */
  static Optional<String> refusal(
      Registration registration,
      InitiatorName given,
      boolean ownDhcp,
      String initiatorName,
      InetAddress address) {
    Client client = registration.client();
    if (client.open()) {
      return Optional.empty();
    }
    String name = initiatorName.toLowerCase(Locale.ROOT);
    if (!client.initiators().isEmpty()) {
      return client.initiators().stream().anyMatch(known -> known.value().equals(name))
          ? Optional.empty()
          : Optional.of("initiator '%s' is none of its --initiator names".formatted(name));
    }
    if (!given.value().equals(name)) {
      return Optional.of("initiator '%s' is not the one it is given, %s".formatted(name, given));
    }
    return elsewhere(registration, ownDhcp, address);
  }

  /**
   * Why nobody may log in from this address, whatever his name; empty when somebody may.
   *
   * @param ownDhcp as above
   */
  static Optional<String> elsewhere(
      Registration registration, boolean ownDhcp, InetAddress address) {
    Client client = registration.client();
    if (client.open() || !client.initiators().isEmpty()) {
      return Optional.empty();
    }
    Optional<InetAddress> expected = boundTo(registration, ownDhcp);
    if (expected.isEmpty()) {
      return ownDhcp
          ? Optional.of("it has had no address from our DHCP server yet")
          : Optional.empty();
    }
    return expected.get().equals(address)
        ? Optional.empty()
        : Optional.of(
            "it logs in from %s, and its address is %s"
                .formatted(address.getHostAddress(), expected.get().getHostAddress()));
  }

  /** The one address that may log in, where there is one. */
  static Optional<InetAddress> boundTo(Registration registration, boolean ownDhcp) {
    Client client = registration.client();
    return client.open() || !client.initiators().isEmpty()
        ? Optional.empty()
        : Optional.ofNullable(ownDhcp ? registration.address() : client.address());
  }
}
