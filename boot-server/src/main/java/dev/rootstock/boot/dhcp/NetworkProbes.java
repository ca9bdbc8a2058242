// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.net.InterfaceSocket;
import java.io.IOException;
import java.net.Inet4Address;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks on each network in the way that reaches it: ARP on our links, pings behind relays. */
final class NetworkProbes implements AddressProbe {
  private static final Logger log = LoggerFactory.getLogger(NetworkProbes.class);

  private final Map<String, AddressProbe> links = new HashMap<>();
  private final AddressProbe far;
  private final Deque<AddressProbe> all = new ArrayDeque<>();

  private NetworkProbes(AddressProbe far) {
    this.far = far;
    all.add(far);
  }

  /** Starts; where it may not look it says so once, and addresses are offered unlooked-at. */
  static NetworkProbes start(List<DhcpSubnet> subnets) {
    boolean relays = subnets.stream().anyMatch(each -> each.behindRelay().isPresent());
    NetworkProbes probes = new NetworkProbes(relays ? new PingProbe() : NONE);
    for (DhcpSubnet subnet : subnets) {
      if (subnet.behindRelay().isEmpty() && subnet.range().isPresent()) {
        try {
          ArpProbe probe = ArpProbe.start(InterfaceSocket.find(subnet.interfaceName()));
          probes.links.put(subnet.interfaceName(), probe);
          probes.all.add(probe);
        } catch (IOException e) {
          log.warn(
              "addresses on {} are offered without a look whether another machine has them: {};"
                  + " 'conflict-check: false' below 'dhcp' silences this line",
              subnet.interfaceName(),
              e.getMessage());
        }
      }
    }
    return probes;
  }

  @Override
  public CompletableFuture<Optional<String>> look(DhcpSubnet subnet, Inet4Address address) {
    AddressProbe probe =
        subnet.behindRelay().isPresent() ? far : links.getOrDefault(subnet.interfaceName(), NONE);
    return probe.look(subnet, address);
  }

  @Override
  public void close() {
    all.forEach(AddressProbe::close);
  }
}
