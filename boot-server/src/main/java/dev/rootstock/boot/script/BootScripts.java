// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.Request;
import dev.rootstock.boot.http.Route;
import dev.rootstock.boot.script.ScriptTemplates.Kind;
import dev.rootstock.dhcp.RootPath;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Answers with a client's boot script: {@code /script/NAME}, or {@code /script/?mac=M&uuid=U} for a
 * script elsewhere that chains to us and knows the machine only. To others than the client's own
 * address a script holds no secret: whoever can fetch one could have read the same in the answer to
 * a DHCPDISCOVER.
 */
public final class BootScripts implements Route {
  /** INT 13 numbers of disks begin here; UEFI takes the same. */
  private static final int FIRST_DRIVE = 0x80;

  /** Below which path it answers. */
  public static final String PREFIX = "/script/";

  private static final String IMAGE = "image";
  private static final String TOKEN = "boot";

  private final ScriptClients clients;
  private final ScriptTemplates templates;
  private final ScriptListener listener;

  /**
   * Hears of scripts, and knows of boots; on any thread, must not wait where it does not say so.
   */
  public interface ScriptListener {
    /**
     * A client's script goes out, with a menu or without.
     *
     * @param from who gets it
     */
    void fetched(String client, InetAddress from);

    /**
     * By what a menu that is shown to this address now proves itself to {@link #choose}, in
     * characters that an address on the web may have.
     */
    Optional<String> menuToken(String client, InetAddress from);

    /**
     * Whoever is at the machine has chosen. May wait.
     *
     * @param token as it came from the network
     * @param image likewise
     * @return why the machine cannot have it, in one line; empty where its next boot does
     */
    Optional<String> choose(String client, InetAddress from, String token, String image);

    /**
     * A machine that is no client fetches its script. May wait.
     *
     * @param mac its network card, as it wrote it
     * @param uuid its SMBIOS UUID, as it wrote it
     * @return the name of the client that it has become
     */
    default Optional<String> stranger(
        Optional<String> mac, Optional<String> uuid, InetAddress from) {
      return Optional.empty();
    }

    /** Where the boot of a client that fetches its script now says that it is ready. */
    Optional<String> readyUrl(String client);
  }

  public BootScripts(ScriptClients clients, ScriptTemplates templates, ScriptListener listener) {
    this.clients = clients;
    this.templates = templates;
    this.listener = listener;
  }

  @Override
  public Answer answer(Request request, String rest) {
    return switch (find(request, rest)) {
      case Lookup.Known known -> answer(request, known.client());
      case Lookup.Disputed disputed -> refused(disputed.reason());
      case Lookup.Stranger ignored ->
          refused("this machine is not known here. 'rootstock client add' makes it known");
    };
  }

  private Answer answer(Request request, ScriptClient client) {
    if (client.refusal().isPresent()) {
      return refused("client " + client.name() + ": " + client.refusal().get());
    }
    boolean fetches = request.method().equals(HttpMethod.GET);
    String image = request.parameters().get(IMAGE);
    if (image != null) {
      Optional<String> problem = fetches ? choose(client, request, image) : Optional.empty();
      return problem.isPresent() ? refused(problem.get()) : Answer.Text.ok(script(client, request));
    }
    if (fetches) {
      listener.fetched(client.name(), request.client());
    }
    return Answer.Text.ok(menu(client, request).orElseGet(() -> script(client, request)));
  }

  private Lookup find(Request request, String rest) {
    if (!rest.isEmpty()) {
      return byName(rest);
    }
    Optional<String> mac = Optional.ofNullable(request.parameters().get("mac"));
    Optional<String> uuid = Optional.ofNullable(request.parameters().get("uuid"));
    Lookup found = clients.byMachine(mac, uuid);
    if (!(found instanceof Lookup.Stranger) || !request.method().equals(HttpMethod.GET)) {
      return found;
    }
    return listener.stranger(mac, uuid, request.client()).map(this::byName).orElse(found);
  }

  private Lookup byName(String name) {
    return clients.byName(name).<Lookup>map(Lookup.Known::new).orElseGet(Lookup.Stranger::new);
  }

  /** A script, not an error of HTTP: iPXE shows the one and only a number for the other. */
  private Answer refused(String reason) {
    return Answer.Text.ok(
        templates.fill(Kind.REFUSED, Map.of("reason", ScriptTemplates.plain(reason))));
  }

  private Optional<String> choose(ScriptClient client, Request request, String image) {
    String token = request.parameters().getOrDefault(TOKEN, "");
    return listener.choose(client.name(), request.client(), token, image);
  }

  /** Only for the machine itself, as far as we can know it: a choice is what its next boot gets. */
  private Optional<String> menu(ScriptClient client, Request request) {
    if (client.menu().isEmpty() || !mayBeOwn(client, request)) {
      return Optional.empty();
    }
    ScriptClient.Menu menu = client.menu().get();
    return listener
        .menuToken(client.name(), request.client())
        .map(
            token ->
                templates.fill(
                    Kind.MENU,
                    Map.of(
                        "client", client.name(),
                        "items", items(menu),
                        "preselected", menu.preselected(),
                        "choose-url", chooseUrl(client, token))));
  }

  private static String items(ScriptClient.Menu menu) {
    return menu.images().stream().map("item %1$s %1$s%n"::formatted).collect(Collectors.joining());
  }

  /** From the menu's own address, by which the machine reaches us; what was chosen goes behind. */
  private static String chooseUrl(ScriptClient client, String token) {
    return "%s%s?%s=%s&%s=".formatted(PREFIX, client.name(), TOKEN, token, IMAGE);
  }

  private static boolean own(ScriptClient client, Request request) {
    return client.address().filter(request.client()::equals).isPresent();
  }

  private static boolean mayBeOwn(ScriptClient client, Request request) {
    return client.address().isEmpty() || own(client, request);
  }

  private String script(ScriptClient client, Request request) {
    // Where another DHCP server gives the addresses we may know none: then a token, which only
    // marks a boot in 'status', goes to whoever asks, and a secret goes to nobody.
    boolean own = own(client, request);
    ScriptClient.Disk first = client.disks().getFirst();
    return templates.fill(
        client.install() ? Kind.INSTALL : Kind.BOOT,
        Map.of(
            "client", client.name(),
            "initiator", client.initiator().value(),
            "target", first.paths().getFirst().target().value(),
            "root-path", first.paths().getFirst().toString(),
            "root-paths", paths(first),
            "all-disks", hooked(client, 0),
            "other-disks", hooked(client, 1),
            "secrets", own ? client.secrets().map(BootScripts::secrets).orElse("") : "",
            "ready-url",
                mayBeOwn(client, request) ? listener.readyUrl(client.name()).orElse("") : ""));
  }

  /** A disk that is not there is said, and left out, as it is at the target. */
  private static String hooked(ScriptClient client, int from) {
    StringBuilder lines = new StringBuilder();
    for (int disk = from; disk < client.disks().size(); disk++) {
      lines
          .append("sanhook --drive 0x%x ".formatted(FIRST_DRIVE + disk))
          .append(paths(client.disks().get(disk)))
          .append(
              " || echo Rootstock: disk %d is not there, going on without it%n".formatted(disk));
    }
    return lines.toString();
  }

  /** iPXE takes several and uses the one that answers. */
  private static String paths(ScriptClient.Disk disk) {
    return disk.paths().stream().map(RootPath::toString).collect(Collectors.joining(" "));
  }

  private static String secrets(ScriptClient.Secrets secrets) {
    return account("", secrets.client())
        + secrets.target().map(target -> account("reverse-", target)).orElse("");
  }

  private static String account(String direction, ScriptClient.Account account) {
    return "set %susername:hex %s%nset %spassword:hex %s%n"
        .formatted(direction, hex(account.user()), direction, hex(account.secret()));
  }

  /** In iPXE's scripts nothing can be quoted, and a secret may hold dollar and brace. */
  private static String hex(String text) {
    return HexFormat.ofDelimiter(":").formatHex(text.getBytes(StandardCharsets.US_ASCII));
  }
}
