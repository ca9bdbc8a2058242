// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.BootFileSettings;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.dhcp.BootPrograms;
import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.boot.dhcp.DhcpServer;
import dev.rootstock.boot.dhcp.DhcpSetup;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import dev.rootstock.boot.files.BootFile;
import dev.rootstock.boot.files.BootFiles;
import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.HttpServer;
import dev.rootstock.boot.http.Request;
import dev.rootstock.boot.http.Route;
import dev.rootstock.boot.ra.RouterAdvertiser;
import dev.rootstock.boot.script.BootScripts;
import dev.rootstock.boot.script.ReadyRoute;
import dev.rootstock.boot.script.ScriptTemplates;
import dev.rootstock.boot.tftp.TftpServer;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a machine meets before it has a disk: HTTP, TFTP, DHCP and router advertisements. */
final class BootServices implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BootServices.class);
  private static final int DHCP_PORT = 67;
  private static final int PROXY_PORT = 4011;
  private static final int TFTP_PORT = 69;

  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final List<String> ready = new ArrayList<>();

  private BootServices() {}

  /**
   * Starts what is configured; nothing runs on where one part fails.
   *
   * @param subnets the networks that DHCP serves; none where it is off
   */
  static BootServices start(
      Configuration configuration,
      List<DhcpSubnet> subnets,
      BootDirectory directory,
      BootWatch watch)
      throws IOException, RefusedException {
    BootServices services = new BootServices();
    try {
      services.run(configuration, subnets, directory, watch);
      return services;
    } catch (IOException | RefusedException | RuntimeException e) {
      services.close();
      throw e;
    }
  }

  List<String> ready() {
    return List.copyOf(ready);
  }

  /** What machines are told to load is there before they are told. */
  private void run(
      Configuration configuration,
      List<DhcpSubnet> subnets,
      BootDirectory directory,
      BootWatch watch)
      throws IOException, RefusedException {
    BootFileSettings settings = configuration.bootFiles();
    // Another DHCP server may name our programs: without one of ours, the network of our address.
    DhcpSubnet around = subnets.isEmpty() ? Networks.around(directory.server()) : null;
    if (settings.tftp() && subnets.isEmpty() && around == null) {
      throw new RefusedException(
          "'tftp' serves the network of 'server', and no interface has the address "
              + directory.server().getHostAddress()
              + ": give one that address, or switch TFTP off");
    }
    boolean tftp = settings.tftp();
    BootFiles files = tftp ? BootFiles.in(settings.root()) : null;
    OptionalInt http = http(configuration, links(subnets), files, directory, watch);
    if (files != null) {
      List<DhcpSubnet> networks = around == null ? subnets : List.of(around);
      for (DhcpSubnet link : links(networks)) {
        InetSocketAddress address = new InetSocketAddress(link.serverAddress(), TFTP_PORT);
        started(
            TftpServer.start(
                address,
                files,
                asking -> networks.stream().anyMatch(each -> each.contains(asking)),
                watch::fetched),
            "tftp",
            address);
      }
    }
    if (!subnets.isEmpty()) {
      BootPrograms programs =
          new BootPrograms(
              files == null ? Map.of() : programs(settings),
              files == null ? Map.of() : SignedPrograms.in(files, settings),
              tftp,
              http,
              scripted(configuration));
      dhcp(setup(configuration, subnets, programs), directory, watch);
      if (advertises(configuration.dhcp())) {
        links(subnets).forEach(each -> advertise(each.interfaceName()));
      }
    }
  }

  private static List<DhcpSubnet> links(List<DhcpSubnet> subnets) {
    return subnets.stream().filter(each -> each.behindRelay().isEmpty()).toList();
  }

  private static boolean scripted(Configuration configuration) {
    return !(configuration.dhcp() instanceof Dhcp.Server giving) || giving.scripted();
  }

  private static DhcpSetup setup(
      Configuration configuration, List<DhcpSubnet> subnets, BootPrograms programs)
      throws RefusedException {
    if (!(configuration.dhcp() instanceof Dhcp.Server giving)) {
      return new DhcpSetup(subnets, programs, true);
    }
    // Networks that know nothing of each other each reach us by our address there.
    boolean pathsBySubnet = configuration.server() == null && links(subnets).size() > 1;
    if (pathsBySubnet && giving.scripted()) {
      throw new RefusedException(
          "scripts name one address for the disks of all networks, and 'dhcp.subnets' has several:"
              + " configure 'server', an address that all of them reach, or 'dhcp.ipxe:"
              + " root-path'");
    }
    return new DhcpSetup(
        subnets,
        programs,
        false,
        giving.strangers()
            ? Optional.of(new DhcpSetup.Strangers(configuration.data(), giving.lease()))
            : Optional.empty(),
        giving.conflictCheck(),
        pathsBySubnet);
  }

  private static boolean advertises(Dhcp dhcp) {
    return switch (dhcp) {
      case Dhcp.Off _ -> false;
      case Dhcp.Proxy proxy -> proxy.routerAdvertisements();
      case Dhcp.Server giving -> giving.routerAdvertisements();
    };
  }

  private void dhcp(DhcpSetup setup, BootDirectory directory, BootWatch watch) throws IOException {
    running.push(DhcpServer.start(setup, directory, watch));
    for (DhcpSubnet each : links(setup.subnets())) {
      ready.add(Server.readyLine("dhcp", new InetSocketAddress(each.serverAddress(), DHCP_PORT)));
      if (setup.proxy()) {
        ready.add(
            Server.readyLine("dhcp", new InetSocketAddress(each.serverAddress(), PROXY_PORT)));
      }
    }
  }

  private static Map<Platform, String> programs(BootFileSettings settings) {
    Map<Platform, String> programs = new EnumMap<>(Platform.class);
    programs.put(Platform.BIOS, settings.bios());
    programs.put(Platform.UEFI_X64, settings.uefiX64());
    String arm64 = settings.uefiArm64();
    if (arm64 != null) {
      programs.put(Platform.UEFI_ARM64, arm64);
    }
    return programs;
  }

  /** Returns the port that clients reach by the address of their network. */
  private OptionalInt http(
      Configuration configuration,
      List<DhcpSubnet> subnets,
      @Nullable BootFiles files,
      BootDirectory directory,
      BootWatch watch)
      throws IOException, RefusedException {
    if (configuration.http().listen().isEmpty()) {
      return OptionalInt.empty();
    }
    ScriptTemplates templates = ScriptTemplates.load(configuration.http().templates());
    Map<String, Route> routes = new HashMap<>();
    routes.put(BootScripts.PREFIX, new BootScripts(directory, templates, watch));
    routes.put(ReadyRoute.PREFIX, new ReadyRoute(watch.trails()::ready));
    if (files != null) {
      routes.put("/boot/", (request, rest) -> served(files, request, rest, watch));
    }
    HttpServer server = HttpServer.start(configuration.http().listen(), routes);
    running.push(server);
    for (InetSocketAddress each : server.addresses()) {
      ready.add(Server.readyLine("http", each));
    }
    port(server, directory.server()).ifPresent(watch.links()::reachedBy);
    return port(subnets, server);
  }

  /** The port that machines of all networks find us at; empty where DHCP is off. */
  private static OptionalInt port(List<DhcpSubnet> links, HttpServer server)
      throws RefusedException {
    OptionalInt port = OptionalInt.empty();
    for (DhcpSubnet link : links) {
      int found =
          port(server, link.serverAddress())
              .orElseThrow(
                  () ->
                      new RefusedException(
                          "machines on %s reach us by %s, and 'http.listen' has no such address: add it"
                              .formatted(
                                  link.interfaceName(), link.serverAddress().getHostAddress())));
      if (port.isPresent() && port.getAsInt() != found) {
        throw new RefusedException(
            "'http.listen' has different ports for the networks of 'dhcp.subnets': use one");
      }
      port = OptionalInt.of(found);
    }
    return port;
  }

  /** The port by which this address is reached. */
  private static Optional<Integer> port(HttpServer server, InetAddress address) {
    return server.addresses().stream()
        .filter(each -> each.getAddress().isAnyLocalAddress() || each.getAddress().equals(address))
        .map(InetSocketAddress::getPort)
        .findFirst();
  }

  private static Answer served(BootFiles files, Request request, String name, BootWatch watch)
      throws IOException {
    BootFile file = files.open(name);
    if (request.method().equals(HttpMethod.GET)) {
      watch.fetched(request.client(), name, file.size());
    }
    return new Answer.File(file);
  }

  /** Without it machines boot too, only later: so its failure is told and stops nothing. */
  private void advertise(String interfaceName) {
    try {
      running.push(RouterAdvertiser.start(interfaceName));
    } catch (IOException e) {
      log.warn(
          "no router advertisements on {}: {}. iPXE waits some seconds for an IPv6 router at each"
              + " boot; 'router-advertisements: false' below 'dhcp' silences this line",
          interfaceName,
          e.getMessage());
    }
  }

  private void started(AutoCloseable part, String name, InetSocketAddress address) {
    running.push(part);
    ready.add(Server.readyLine(name, address));
  }

  /** Stops all, the latest first. */
  @Override
  public void close() {
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        log.error("a boot service did not stop in order", e);
      }
    }
  }
}
