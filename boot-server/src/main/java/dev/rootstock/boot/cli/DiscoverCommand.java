// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.Secret;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.boot.discovery.DiscoveryStage;
import dev.rootstock.boot.discovery.FoundTarget;
import dev.rootstock.boot.discovery.IsnsSearch;
import dev.rootstock.boot.discovery.SendTargetsSearch;
import dev.rootstock.boot.discovery.SlpSearch;
import dev.rootstock.boot.discovery.TargetSearch;
import dev.rootstock.boot.isns.IsnsServer;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.cli.Option;
import org.jspecify.annotations.Nullable;

/** {@code discover}: what a client would find by SendTargets, SLP or iSNS. */
final class DiscoverCommand implements Command {
  /** HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. */
  private static final Pattern PORTAL = Pattern.compile("(\\[[^]]*]|[^:]*)(?::([0-9]{1,5}))?");

  private static final List<String> PROOF =
      List.of("chap-user", "secret-file", "mutual-secret-file", "mutual-user");

  private static final List<String> WAYS = List.of("slp", "isns", "sendtargets");

  @Override
  public String name() {
    return "discover";
  }

  @Override
  public String summary() {
    return "ask for the disks that a client would find";
  }

  @Override
  public List<Option> options() {
    return List.of(
        Option.builder()
            .longOpt("slp")
            .hasArg()
            .optionalArg(true)
            .argName("[HOST]")
            .desc("ask by SLP: everybody by multicast, or one agent")
            .get(),
        Command.option("isns", "HOST[:PORT]", "ask this iSNS server, port 3205 by default"),
        Command.option("sendtargets", "HOST[:PORT]", "ask this iSCSI target, port 3260 by default"),
        Command.option("initiator", "IQN", "ask by this initiator's name"),
        Command.option("chap-user", "NAME", "prove by CHAP, under this name, who asks a target"),
        Command.option("secret-file", "FILE", "take the secret for that from a file of one line"),
        Command.option(
            "mutual-secret-file", "FILE", "let the target prove itself by the secret in this file"),
        Command.option(
            "mutual-user", "NAME", "the target's name in its proof; rootstock by default"),
        Command.option(
            "root-path", "STRING", "find the server of a root path that names none (RFC 4173)"),
        Command.list("interface", "NAME", "where SLP asks, else everywhere"),
        Command.list("scope", "NAME", "SLP's scope, else DEFAULT"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    TargetSearch search = search(invocation);
    String name = invocation.value("initiator");
    Optional<String> initiator =
        Optional.ofNullable(name).map(each -> new InitiatorName(each).value());
    String path = invocation.value("root-path");
    try {
      return path == null
          ? targets(invocation, search, initiator)
          : rootPaths(invocation, search, initiator, path);
    } catch (IOException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }

  private static int targets(Invocation invocation, TargetSearch search, Optional<String> initiator)
      throws IOException, RefusedException {
    List<FoundTarget> targets = search.find(new TargetSearch.Wanted(initiator, Optional.empty()));
    if (invocation.json()) {
      ObjectNode node = invocation.arguments();
      ArrayNode array = node.putArray("targets");
      for (FoundTarget each : targets) {
        ArrayNode addresses =
            array.addObject().put("target", each.name().value()).putArray("addresses");
        each.portals().forEach(portal -> addresses.add(portal.toString()));
      }
      invocation.printJson(node);
    } else {
      for (FoundTarget each : targets) {
        invocation.print(
            each.name()
                + "  "
                + String.join(" ", each.portals().stream().map(Object::toString).toList()));
      }
    }
    if (targets.isEmpty()) {
      throw new RefusedException(
          "%s has no target for %s from this address: 'rootstock client show' says who may log in"
              .formatted(search.asked(), initiator.map(n -> "'" + n + "'").orElse("anybody")));
    }
    return DONE;
  }

  private static int rootPaths(
      Invocation invocation, TargetSearch search, Optional<String> initiator, String text)
      throws IOException, RefusedException, UsageException {
    RootPath path;
    try {
      path = RootPath.parse(text);
    } catch (SyntaxException e) {
      throw new UsageException("'%s' is no root path, %s".formatted(text, e.getMessage()));
    }
    List<RootPath> found = DiscoveryStage.complete(path, initiator, search);
    if (invocation.json()) {
      ObjectNode node = invocation.arguments();
      ArrayNode array = node.putArray("rootPaths");
      found.forEach(each -> array.add(each.toString()));
      invocation.printJson(node);
    } else {
      found.forEach(each -> invocation.print(each.toString()));
    }
    if (found.isEmpty()) {
      throw new RefusedException(
          "%s does not know where %s is, or does not tell this machine"
              .formatted(search.asked(), path.target()));
    }
    return DONE;
  }

  private static TargetSearch search(Invocation invocation)
      throws RefusedException, UsageException {
    List<String> ways = WAYS.stream().filter(invocation::has).toList();
    if (ways.size() != 1) {
      throw new UsageException(
          "'discover' asks one: write --%s".formatted(String.join(" or --", WAYS)));
    }
    if (!ways.contains("sendtargets") && PROOF.stream().anyMatch(invocation::has)) {
      throw new UsageException(
          "CHAP proves something to a target alone: use --%s with --sendtargets"
              .formatted(String.join(", --", PROOF)));
    }
    if (ways.getFirst().equals("isns")) {
      return new IsnsSearch(portal(invocation.required("isns"), IsnsServer.PORT));
    }
    if (ways.getFirst().equals("sendtargets")) {
      return new SendTargetsSearch(
          portal(invocation.required("sendtargets"), Configuration.ISCSI_PORT), proof(invocation));
    }
    String agent = invocation.value("slp");
    List<String> scopes = invocation.values("scope");
    return new SlpSearch(
        scopes.isEmpty() ? List.of("DEFAULT") : scopes,
        agent == null ? Optional.empty() : Optional.of(address(agent)),
        agent == null ? networks(invocation.values("interface")) : List.of());
  }

  /** Secrets come from files, since everybody on this machine can read arguments. */
  private static @Nullable Chap proof(Invocation invocation) throws UsageException {
    String user = invocation.value("chap-user");
    String secret = invocation.value("secret-file");
    String mutual = invocation.value("mutual-secret-file");
    String mutualUser = invocation.value("mutual-user");
    if ((user == null) != (secret == null)
        || (mutual != null && user == null)
        || (mutualUser != null && mutual == null)) {
      throw new UsageException(
          "--chap-user and --secret-file go together, --mutual-secret-file with both, and"
              + " --mutual-user with that");
    }
    if (user == null || secret == null) {
      return null;
    }
    Chap.Pair target =
        mutual == null
            ? null
            : new Chap.Pair(
                mutualUser == null ? Chap.TARGET_USER : mutualUser, Secret.read(Path.of(mutual)));
    return new Chap(new Chap.Pair(user, Secret.read(Path.of(secret))), target, false);
  }

  private static List<NetworkInterface> networks(List<String> names) throws RefusedException {
    try {
      List<NetworkInterface> all = NetworkInterface.networkInterfaces().toList();
      for (String name : names) {
        if (all.stream().noneMatch(each -> each.getName().equals(name))) {
          throw new RefusedException(
              "there is no network interface '%s': this machine has %s"
                  .formatted(
                      name,
                      String.join(
                          ", ", all.stream().map(NetworkInterface::getName).sorted().toList())));
        }
      }
      List<NetworkInterface> chosen =
          all.stream().filter(each -> names.contains(each.getName()) || names.isEmpty()).toList();
      return names.isEmpty()
          ? chosen.stream().filter(DiscoverCommand::canMulticast).toList()
          : chosen;
    } catch (SocketException e) {
      throw new RefusedException("the network interfaces cannot be listed: " + e, e);
    }
  }

  private static boolean canMulticast(NetworkInterface network) {
    try {
      return network.isUp()
          && !network.isLoopback()
          && network.supportsMulticast()
          && network.inetAddresses().anyMatch(Inet4Address.class::isInstance);
    } catch (SocketException e) {
      return false; // it is gone
    }
  }

  private static InetAddress address(String host) throws RefusedException, UsageException {
    return portal(host, 0).getAddress();
  }

  private static InetSocketAddress portal(String text, int otherwise)
      throws RefusedException, UsageException {
    Matcher matcher = PORTAL.matcher(text);
    @Nullable String port = matcher.matches() ? matcher.group(2) : null;
    int number = port == null ? otherwise : Integer.parseInt(port);
    if (!matcher.matches() || number > 65535 || (port != null && (number < 1 || otherwise == 0))) {
      throw new UsageException(
          "'%s' is nobody to ask: write HOST%s"
              .formatted(text, otherwise == 0 ? "" : ", HOST:PORT or [IPV6]:PORT"));
    }
    try {
      ServerName host = ServerName.parse(matcher.group(1));
      return new InetSocketAddress(InetAddress.getAllByName(host.text())[0], number);
    } catch (SyntaxException e) {
      throw new UsageException("'%s' is nobody to ask, %s".formatted(text, e.getMessage()));
    } catch (UnknownHostException e) {
      throw new RefusedException("host '%s' has no address".formatted(matcher.group(1)), e);
    }
  }
}
