// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.discovery;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Chap;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapAlgorithm;
import dev.rootstock.target.initiator.ChapOptions;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.Initiator.Found;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A discovery session with a target, and SendTargets (RFC 7143 §4.3, §6.3).
 *
 * @param portal of an iSCSI target
 * @param proof by which the asker proves itself, and the target if it has to; null for nothing
 */
public record SendTargetsSearch(InetSocketAddress portal, @Nullable Chap proof)
    implements TargetSearch {
  /** Who asks, where nobody says. */
  static final String NAME = "iqn.2026-11.dev.rootstock:discover";

  private static final Pattern ADDRESS =
      Pattern.compile("(\\[[^]]*]|[^:]*):([0-9]{1,5}),([0-9]{1,5})");

  @Override
  public String asked() {
    return ServerName.of(portal.getAddress()).text() + ":" + portal.getPort();
  }

  @Override
  public List<FoundTarget> find(Wanted wanted) throws IOException {
    String name = wanted.initiator().orElse(NAME);
    List<FoundTarget> targets = new ArrayList<>();
    LoginOptions options = LoginOptions.discovery(name).withChap(chap());
    try (Initiator session = Initiator.login(portal, options, Limits.DISCOVER_TIME)) {
      String which = wanted.target().map(IscsiName::value).orElse("All");
      for (Found each : session.sendTargets(which)) {
        targets.add(new FoundTarget(IscsiName.parse(each.targetName()), portals(each)));
      }
      session.logout();
      return targets;
    } catch (LoginRefusedException e) {
      throw new IOException(
          "%s refuses a discovery session by '%s': %s".formatted(asked(), name, e.getMessage()), e);
    } catch (SyntaxException e) {
      throw new IOException("%s names a target that cannot be: %s".formatted(asked(), e), e);
    } catch (IOException e) {
      throw new IOException(
          "%s cannot be asked: %s; is an iSCSI target running there?"
              .formatted(asked(), e.getMessage() == null ? e : e.getMessage()),
          e);
    }
  }

  /** With every algorithm that we have, the strongest first. */
  private @Nullable ChapOptions chap() {
    if (proof == null) {
      return null;
    }
    ChapAccount account = proof.account();
    return new ChapOptions(
        account.initiator(),
        List.of(
            ChapAlgorithm.SHA3_256, ChapAlgorithm.SHA256, ChapAlgorithm.SHA1, ChapAlgorithm.MD5),
        account.target());
  }

  /** A target without an address is where one asked (RFC 7143 §13.8). */
  private List<FoundTarget.Portal> portals(Found target) throws SyntaxException {
    List<FoundTarget.Portal> portals = new ArrayList<>();
    for (String text : target.addresses()) {
      Matcher parts = ADDRESS.matcher(text);
      if (!parts.matches()) {
        throw new SyntaxException(0, "\"" + text + "\" is no target address");
      }
      portals.add(
          new FoundTarget.Portal(
              ServerName.parse(parts.group(1)),
              Integer.parseInt(parts.group(2)),
              OptionalInt.of(Integer.parseInt(parts.group(3)))));
    }
    return portals.isEmpty()
        ? List.of(
            new FoundTarget.Portal(
                ServerName.of(portal.getAddress()), portal.getPort(), OptionalInt.empty()))
        : portals;
  }
}
