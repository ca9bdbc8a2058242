// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.Initiator.Found;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.cli.Option;

/** {@code discover --sendtargets HOST}: what a client would find there. */
final class DiscoverCommand implements Command {
  /** HOST, HOST:PORT, [IPV6] or [IPV6]:PORT. */
  private static final Pattern PORTAL = Pattern.compile("(\\[[^]]*]|[^:]*)(?::([0-9]{1,5}))?");

  private static final String NAME = "iqn.2026-11.dev.rootstock:discover";

  @Override
  public String name() {
    return "discover";
  }

  @Override
  public String summary() {
    return "ask a target for the disks that a client would find";
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("sendtargets", "HOST[:PORT]", "ask this iSCSI target, port 3260 by default"),
        Command.option("initiator", "IQN", "ask by this initiator's name"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    InetSocketAddress portal = portal(invocation.required("sendtargets"));
    String initiator = invocation.value("initiator");
    String name = initiator == null ? NAME : new InitiatorName(initiator).value();
    List<Found> targets = ask(portal, name);
    if (invocation.json()) {
      invocation.printJson(json(invocation.arguments(), targets));
    } else {
      for (Found target : targets) {
        invocation.print(target.targetName() + "  " + String.join(" ", target.addresses()));
      }
    }
    if (targets.isEmpty()) {
      throw new RefusedException(
          "%s has no target for '%s' from this address: 'rootstock client show' says who may log in"
              .formatted(text(portal), name));
    }
    return DONE;
  }

  private static List<Found> ask(InetSocketAddress portal, String name) throws RefusedException {
    try (Initiator session =
        Initiator.login(portal, LoginOptions.discovery(name), Limits.DISCOVER_TIME)) {
      List<Found> targets = session.sendTargets("All");
      session.logout();
      return targets;
    } catch (LoginRefusedException e) {
      throw new RefusedException(
          "%s refuses a discovery session by '%s': %s"
              .formatted(text(portal), name, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new RefusedException(
          "%s cannot be asked: %s; is an iSCSI target running there?"
              .formatted(text(portal), e.getMessage() == null ? e : e.getMessage()),
          e);
    }
  }

  private static InetSocketAddress portal(String text) throws RefusedException, UsageException {
    Matcher matcher = PORTAL.matcher(text);
    String port = matcher.matches() ? matcher.group(2) : null;
    int number = port == null ? Configuration.ISCSI_PORT : Integer.parseInt(port);
    if (!matcher.matches() || number < 1 || number > 65535) {
      throw new UsageException(
          "'%s' is no target to ask: write HOST, HOST:PORT or [IPV6]:PORT".formatted(text));
    }
    try {
      ServerName host = ServerName.parse(matcher.group(1));
      return new InetSocketAddress(InetAddress.getAllByName(host.text())[0], number);
    } catch (SyntaxException e) {
      throw new UsageException("'%s' is no target to ask, %s".formatted(text, e.getMessage()));
    } catch (UnknownHostException e) {
      throw new RefusedException("host '%s' has no address".formatted(matcher.group(1)), e);
    }
  }

  private static ObjectNode json(ObjectNode node, List<Found> targets) {
    ArrayNode array = node.putArray("targets");
    for (Found target : targets) {
      ArrayNode addresses =
          array.addObject().put("target", target.targetName()).putArray("addresses");
      target.addresses().forEach(addresses::add);
    }
    return node;
  }

  private static String text(InetSocketAddress portal) {
    return ServerName.of(portal.getAddress()).text() + ":" + portal.getPort();
  }
}
