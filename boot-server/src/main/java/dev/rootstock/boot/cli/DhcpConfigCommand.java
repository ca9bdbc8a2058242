// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code dhcp-config dnsmasq|kea|isc}. */
final class DhcpConfigCommand implements Command {
  private static final List<String> SERVERS = List.of("dnsmasq", "kea", "isc");

  @Override
  public String name() {
    return "dhcp-config";
  }

  @Override
  public String summary() {
    return "print configuration of another DHCP server that boots our clients";
  }

  @Override
  public List<String> operands() {
    return List.of("dnsmasq|kea|isc");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("interface", "NAME", "that server's interface; dhcp.interface, else eth0"),
        Command.option(
            "network", "ADDRESS/LENGTH", "its network; that of 'server', /24, if left out"),
        Command.option("range", "FIRST-LAST", "addresses for machines without one of their own"),
        Command.option("router", "ADDRESS", "the gateway that clients are told; none if left out"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    String server = invocation.operand(0);
    if (!SERVERS.contains(server)) {
      throw new UsageException(
          "there is no configuration for '%s': write one of %s"
              .formatted(server, String.join(", ", SERVERS)));
    }
    ObjectNode arguments = invocation.arguments();
    arguments.put("server", server);
    for (String option : List.of("interface", "network", "range", "router")) {
      if (invocation.has(option)) {
        arguments.put(option, invocation.value(option));
      }
    }
    JsonNode result = invocation.call("dhcp-config", arguments);
    if (invocation.json()) {
      invocation.printJson(result);
    } else {
      invocation.print(result.get("configuration").asText().stripTrailing());
    }
    return DONE;
  }
}
