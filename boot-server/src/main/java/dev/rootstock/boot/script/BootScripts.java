// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.Request;
import dev.rootstock.boot.http.Route;
import dev.rootstock.boot.script.ScriptTemplates.Kind;
import dev.rootstock.dhcp.RootPath;
import io.netty.handler.codec.http.HttpMethod;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers with a client's boot script: {@code /script/NAME}, or {@code /script/?mac=M&uuid=U} for a
 * script elsewhere that chains to us and knows the machine only. A script holds no secret: whoever
 * can fetch one could have read the same in the answer to a DHCPDISCOVER.
 */
public final class BootScripts implements Route {
  /** INT 13 numbers of disks begin here; UEFI takes the same. */
  private static final int FIRST_DRIVE = 0x80;

  private final ScriptClients clients;
  private final ScriptTemplates templates;
  private final Consumer<String> fetched;

  /**
   * @param fetched is told the name of a client whose script went out, on any thread
   */
  public BootScripts(ScriptClients clients, ScriptTemplates templates, Consumer<String> fetched) {
    this.clients = clients;
    this.templates = templates;
    this.fetched = fetched;
  }

  @Override
  public Answer answer(Request request, String rest) {
    Optional<ScriptClient> found = find(request, rest);
    if (found.isEmpty()) {
      return refused("this machine is not known here. 'rootstock client add' makes it known");
    }
    ScriptClient client = found.get();
    if (client.refusal().isPresent()) {
      return refused("client " + client.name() + ": " + client.refusal().get());
    }
    if (request.method().equals(HttpMethod.GET)) {
      fetched.accept(client.name());
    }
    return Answer.Text.ok(script(client));
  }

  private Optional<ScriptClient> find(Request request, String rest) {
    if (!rest.isEmpty()) {
      return clients.byName(rest);
    }
    return Optional.ofNullable(request.parameters().get("mac"))
        .flatMap(clients::byMac)
        .or(() -> Optional.ofNullable(request.parameters().get("uuid")).flatMap(clients::byUuid));
  }

  /** A script, not an error of HTTP: iPXE shows the one and only a number for the other. */
  private Answer refused(String reason) {
    return Answer.Text.ok(
        templates.fill(Kind.REFUSED, Map.of("reason", ScriptTemplates.plain(reason))));
  }

  private String script(ScriptClient client) {
    RootPath first = client.disks().getFirst();
    return templates.fill(
        Kind.BOOT,
        Map.of(
            "client", client.name(),
            "initiator", client.initiator().value(),
            "target", first.target().value(),
            "root-path", first.toString(),
            "other-disks", otherDisks(client)));
  }

  private static String otherDisks(ScriptClient client) {
    StringBuilder lines = new StringBuilder();
    for (int disk = 1; disk < client.disks().size(); disk++) {
      lines
          .append("sanhook --drive 0x%x ".formatted(FIRST_DRIVE + disk))
          .append(client.disks().get(disk))
          .append(" || goto failed\n");
    }
    return lines.toString();
  }
}
