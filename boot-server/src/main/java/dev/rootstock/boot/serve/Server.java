// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.boots.BootAdmission;
import dev.rootstock.boot.boots.BootPolicy;
import dev.rootstock.boot.boots.ChapRules;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.RegistryException;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.config.Configuration.Isns;
import dev.rootstock.boot.config.Configuration.Slp;
import dev.rootstock.boot.config.Configuration.Unknown;
import dev.rootstock.boot.config.EnrolRule;
import dev.rootstock.boot.control.ControlServer;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.control.Workplace;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.boot.pending.DisputedMachines;
import dev.rootstock.boot.pending.Enrolment;
import dev.rootstock.boot.pending.PendingMachines;
import dev.rootstock.boot.slp.SlpNetwork;
import dev.rootstock.boot.trail.Trails;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.images.store.StoreException;
import dev.rootstock.target.IscsiTarget;
import dev.rootstock.target.Portal;
import dev.rootstock.target.TargetSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole service, running. What is started is stopped in the opposite order: first nobody new
 * comes in, then what runs is drained, then the data is closed.
 */
public final class Server implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Server.class);
  private static final int NAMED_CLIENTS = 5;

  /** What has to be stopped, the latest first. */
  private final Deque<Part> parts = new ArrayDeque<>();

  private final List<String> ready = new ArrayList<>();

  private record Part(String name, AutoCloseable what) {}

  private Server() {}

  /**
   * Starts everything that is configured. Where one thing fails nothing runs on, and a data
   * directory that was made for this start is gone again.
   *
   * @throws RefusedException in one line that says what to do
   * @throws StoreException where the data is in use or unusable
   * @throws RegistryException where the registry is
   */
  public static Server start(Configuration configuration)
      throws RefusedException, StoreException, RegistryException {
    // What can be wrong in the configuration is found before anything is made.
    MemoryCeiling.ofProcess().check(configuration.memory().limit());
    InetAddress address = Networks.server(configuration);
    List<DhcpSubnet> subnets =
        Networks.subnets(configuration.dhcp(), address).stream()
            .map(
                each ->
                    each.with(
                        DiscoveryServices.dhcpOptions(
                            configuration, each.interfaceName(), each.serverAddress())))
            .toList();
    List<SlpNetwork> networks =
        configuration.slp() instanceof Slp.Agent agent
            ? Networks.slp(agent, configuration)
            : List.of();
    if (address == null) {
      address = Networks.only(networks);
    }
    if (address == null) {
      refuseToBeSilent(configuration);
    }
    Installation installation = Installation.open(configuration);
    Server server = new Server();
    try {
      server.run(installation, address, subnets, networks);
    } catch (IOException e) {
      server.close();
      installation.closeUnused();
      throw new RefusedException(oneLine(e), e);
    } catch (RefusedException | RuntimeException e) {
      server.close();
      installation.closeUnused();
      throw e;
    }
    server.parts.addLast(new Part("data", installation));
    return server;
  }

  /** What listens, as {@code serve} prints it: {@code ready iscsi 0.0.0.0:3260}. */
  public List<String> ready() {
    return List.copyOf(ready);
  }

  /** Stops everything in order. */
  @Override
  public void close() {
    while (!parts.isEmpty()) {
      Part part = parts.removeFirst();
      try {
        part.what().close();
      } catch (Exception e) {
        log.error("{} did not stop in order", part.name(), e);
      }
    }
  }

  private void run(
      Installation installation,
      @Nullable InetAddress told,
      List<DhcpSubnet> subnets,
      List<SlpNetwork> networks)
      throws IOException, RefusedException {
    Configuration configuration = installation.configuration();
    Trails trails = Trails.open(configuration.data());
    PendingMachines pending = new PendingMachines();
    DisputedMachines disputed = new DisputedMachines();
    started("boot trails", trails);
    BootAdmission boots =
        BootAdmission.start(
            installation.registry(),
            installation.store(),
            installation.identities(),
            new BootPolicy(
                configuration.takeover(),
                configuration.dhcp() instanceof Dhcp.Server,
                chap(installation)));
    started("boots", boots);
    IscsiTarget target =
        IscsiTarget.start(
            TargetSettings.of(configuration.iscsi().listen())
                .withSpin(configuration.iscsi().spin())
                .withPacing(configuration.iscsi().pacing()),
            boots);
    started("iscsi", () -> stop(target));
    boots.revokeThrough(target::revoke);
    boots.tell(BootWatch.boots(trails));
    trails.countBy(client -> BootWatch.counted(boots, client));
    target.addresses().forEach(each -> ready("iscsi", each));
    if (told != null) {
      List<Portal> portals = portals(portal(target.portals(), told), target.portals());
      BootDirectory directory =
          new BootDirectory(
              installation.registry(),
              installation.identities(),
              portals.stream().map(Portal::address).toList());
      BootServices services =
          BootServices.start(
              configuration,
              subnets,
              directory,
              new BootWatch(
                  boots,
                  directory,
                  trails,
                  new SeenCards(installation.registry(), System::nanoTime),
                  configuration.unknown() instanceof Unknown.Ignore
                      ? Optional.empty()
                      : Optional.of(pending),
                  enroller(installation, told),
                  disputed,
                  new ReadyLinks(trails, told)));
      started("boot services", services);
      ready.addAll(services.ready());
      TargetDirectory targets =
          new TargetDirectory(installation.identities(), boots.visibility(), portals);
      DiscoveryServices discovery = DiscoveryServices.start(configuration, networks, targets);
      started("discovery", discovery);
      ready.addAll(discovery.ready());
      warnOfLongNames(installation, told);
    }
    started(
        "control",
        ControlServer.start(new Workplace(installation, boots, trails, pending, disputed)));
    tell(installation);
    MemoryCeiling memory = MemoryCeiling.ofProcess();
    log.info(
        "takes {} MiB of memory for objects and {} MiB for buffers at the most",
        memory.heap() >> 20,
        memory.buffers() >> 20);
  }

  /**
   * Lets operating systems log out, so that none of their commands is cut off, and closes what is
   * left. Their sessions come back when a server runs again.
   */
  private static void stop(IscsiTarget target) {
    try {
      target
          .drain((int) Limits.DRAIN_TIME.toSeconds())
          .toCompletableFuture()
          .get(2 * Limits.DRAIN_TIME.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.warn("commands of sessions that were to end are still under way");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      log.error("the sessions did not end in order", e.getCause());
    } finally {
      target.close();
    }
  }

  /** Who enrols unknown machines, where the configuration has a rule for them. */
  private static Optional<Enroller> enroller(Installation installation, InetAddress told)
      throws RefusedException {
    if (!(installation.configuration().unknown() instanceof Unknown.Enrol enrol)) {
      return Optional.empty();
    }
    EnrolRule rule = enrol.rule();
    if (rule.group() != null && installation.registry().group(rule.group()).isEmpty()) {
      throw new RefusedException(
          "'unknown-clients.group: %s' is no group: 'rootstock group add %s' makes it"
              .formatted(rule.group(), rule.group()));
    }
    if (rule.image() != null
        && installation.store().versions().stream()
            .noneMatch(each -> each.name().equals(rule.image().image()))) {
      throw new RefusedException(
          "'unknown-clients.image: %s' is not there: 'rootstock image list' shows those there are"
              .formatted(rule.image()));
    }
    String literal = ServerName.of(told).text();
    return Optional.of(
        new Enroller(
            new Enrolment(
                rule,
                installation.registry(),
                client -> installation.identities().checkFits(client.name(), literal),
                System::nanoTime)));
  }

  /** What is configured and cannot work without an address to tell clients is not left out. */
  private static void refuseToBeSilent(Configuration configuration) throws RefusedException {
    String reason = null;
    if (configuration.isns() instanceof Isns.Server) {
      reason = "iSNS has to tell where the targets are";
    } else if (!configuration.http().listen().isEmpty()) {
      reason = "'http' serves boot scripts, and these name the address of the targets";
    } else if (configuration.bootFiles().tftp()) {
      reason = "'tftp' serves the network of the address that clients are told";
    }
    if (reason != null) {
      throw new RefusedException(reason + ": configure 'server', the address to tell clients");
    }
  }

  private static ChapRules chap(Installation installation) throws RefusedException {
    try {
      return ChapRules.of(installation.configuration().iscsi(), installation.registry());
    } catch (InvalidClientException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }

  private void started(String name, AutoCloseable what) {
    parts.addFirst(new Part(name, what));
  }

  private void ready(String service, InetSocketAddress address) {
    ready.add(readyLine(service, address));
  }

  static String readyLine(String service, InetSocketAddress address) {
    return "ready %s %s:%d"
        .formatted(service, ServerName.of(address.getAddress()).text(), address.getPort());
  }

  /** The first portal that a client reaches by this address, with that address. */
  private static Portal portal(List<Portal> portals, InetAddress address) throws RefusedException {
    Portal found =
        portals.stream()
            .filter(
                portal ->
                    portal.address().getAddress().isAnyLocalAddress()
                        || portal.address().getAddress().equals(address))
            .findFirst()
            .orElseThrow(
                () ->
                    new RefusedException(
                        "clients are told to come to %s, and 'iscsi.listen' has no such address: add it"
                            .formatted(address.getHostAddress())));
    return new Portal(new InetSocketAddress(address, found.address().getPort()), found.group());
  }

  /**
   * By what clients reach the target: the address that they are told first, then the others of its
   * family that a portal names. What a wildcard stands for is not guessed.
   */
  static List<Portal> portals(Portal told, List<Portal> listening) {
    InetAddress first = told.address().getAddress();
    Map<InetSocketAddress, Portal> portals = new LinkedHashMap<>(Map.of(told.address(), told));
    for (Portal each : listening) {
      InetAddress address = each.address().getAddress();
      if (!address.isAnyLocalAddress()
          && !address.isLoopbackAddress()
          && address.getClass() == first.getClass()) {
        portals.putIfAbsent(each.address(), each);
      }
    }
    return List.copyOf(portals.values());
  }

  private static void warnOfLongNames(Installation installation, InetAddress told) {
    String literal = ServerName.of(told).text();
    for (Registration each : installation.registry().all()) {
      try {
        installation.identities().checkFits(each.client().name(), literal);
      } catch (InvalidClientException e) {
        log.warn("{}", e.getMessage());
      }
    }
  }

  private static void tell(Installation installation) {
    log.info(
        "{} holds {} images' versions and {} clients; target names begin with {}",
        installation.configuration().data(),
        installation.store().versions().size(),
        installation.registry().size(),
        installation.identities().prefix());
    List<Registration> clients = installation.registry().all();
    tellOfChap(installation, clients);
    ChapMode mode = installation.configuration().iscsi().chap();
    warnOf(
        clients.stream().filter(each -> ChapRules.open(mode, each)).toList(),
        "clients are open, any machine may log in to their disks");
    boolean ownDhcp = installation.configuration().dhcp() instanceof Dhcp.Server;
    warnOf(
        clients.stream().filter(each -> ChapRules.byNameOnly(mode, ownDhcp, each)).toList(),
        "clients are known by their initiator name only, which anybody can write; --address,"
            + " --initiator or a CHAP secret tells them apart");
  }

  private static void tellOfChap(Installation installation, List<Registration> clients) {
    List<Registration> without = clients.stream().filter(each -> each.chap() == null).toList();
    switch (installation.configuration().iscsi().chap()) {
      case NONE ->
          log.info(
              "iscsi.chap is none: machines are believed by name and address, the network is"
                  + " trusted");
      case PER_CLIENT ->
          log.info(
              "iscsi.chap is per-client: {} clients without a secret are believed by name and"
                  + " address, the network is trusted",
              without.size());
      case REQUIRED -> warnOf(without, "clients have no CHAP secret and get no disk");
    }
  }

  private static void warnOf(List<Registration> clients, String what) {
    List<String> names = clients.stream().map(each -> each.client().name().value()).toList();
    if (!names.isEmpty()) {
      log.warn(
          "{} {}: {}{}",
          names.size(),
          what,
          String.join(", ", names.subList(0, Math.min(names.size(), NAMED_CLIENTS))),
          names.size() > NAMED_CLIENTS ? ", ..." : "");
    }
  }

  private static String oneLine(IOException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
