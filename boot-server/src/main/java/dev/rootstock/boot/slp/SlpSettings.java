// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * What the agents are to do.
 *
 * @param networks where to listen: at least one, each of an interface of its own
 * @param scopes at least one; RFC 2608 §6 has DEFAULT where nothing is configured
 * @param directoryAgent whether others may register their services here
 * @param isns where our iSNS server is, if it runs
 * @param registering whether to register with the directory agents of others
 * @param directories addresses of such that are known beforehand; others are looked for
 */
public record SlpSettings(
    List<SlpNetwork> networks,
    List<String> scopes,
    boolean directoryAgent,
    Optional<InetSocketAddress> isns,
    boolean registering,
    List<Inet4Address> directories) {

  /** Agents that answer, and register nowhere. */
  public SlpSettings(
      List<SlpNetwork> networks,
      List<String> scopes,
      boolean directoryAgent,
      Optional<InetSocketAddress> isns) {
    this(networks, scopes, directoryAgent, isns, false, List.of());
  }

  public SlpSettings {
    networks = List.copyOf(networks);
    scopes = List.copyOf(scopes);
    directories = List.copyOf(directories);
    if (networks.isEmpty() || scopes.isEmpty()) {
      throw new IllegalArgumentException("SLP without a network or without a scope");
    }
  }
}
