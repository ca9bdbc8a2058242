// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.boots.ChapRules;
import dev.rootstock.boot.boots.ClientStatus;
import dev.rootstock.boot.boots.ClientStatus.Refusal;
import dev.rootstock.boot.boots.ClientStatus.SessionStatus;
import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Setting;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import dev.rootstock.images.store.DataDisks;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.Progress;
import dev.rootstock.images.store.StoreException;
import java.net.Inet4Address;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** What {@code rootstock client} does. */
final class ClientOperations {
  private static final String BY_NAME_ONLY =
      "it is known by its initiator name only, which anybody can write: our DHCP server does not"
          + " give it an address, so give it --address, --initiator with a name that only it has,"
          + " or a CHAP secret";

  private static final String MENU_UNSEEN =
      "its menu is part of its script, which nobody fetches: configure 'http.listen', and"
          + " 'dhcp.ipxe: script' where our DHCP server gives addresses";

  private ClientOperations() {}

  static JsonNode add(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Installation installation = workplace.installation();
    DiskChange disks = DiskChange.of(workplace, arguments);
    Client client = ClientDescription.added(arguments, installation.registry(), disks);
    checkAgainstDhcp(client, installation);
    installation.identities().checkFits(client.name(), literal(installation));
    checkDisk(installation, client);
    DataDisks store = installation.store().dataDisks();
    disks.make(store, client.name());
    Registration added;
    try {
      added = await(installation.registry().add(client));
    } catch (Exception e) {
      disks.unmake(store, client.name());
      throw e;
    }
    disks.keepSeed(workplace, client.name());
    return json(workplace, added);
  }

  /** Refuses a client whose next boot could not make its disk. */
  static void checkDisk(Installation installation, Client client)
      throws RefusedException, StoreException {
    if (client.mode() == Mode.MEMORY) {
      installation.store().checkMemory();
    }
    checkDisk(installation, client, client.image());
    for (ImageReference choice : client.menu()) {
      checkDisk(installation, client, choice);
    }
  }

  private static void checkDisk(Installation installation, Client client, ImageReference image)
      throws RefusedException {
    GoldenVersion version = ImageOperations.version(installation, image);
    if (client.sizeBytes().orElse(version.sizeBytes()) < version.sizeBytes()) {
      throw new RefusedException(
          ("a disk of %d bytes is too small for %s: --size has to be %d (bytes) or more, or 0 for"
                  + " the image's own")
              .formatted(client.sizeBytes().getAsLong(), version, version.sizeBytes()));
    }
  }

  static JsonNode list(Workplace workplace, Arguments arguments, Progress progress)
      throws StoreException {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode clients = result.putArray("clients");
    for (Registration registration : workplace.installation().registry().all()) {
      clients.add(json(workplace, registration));
    }
    return result;
  }

  static JsonNode show(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    return json(workplace, registration(workplace, name(arguments)));
  }

  static JsonNode boot(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    ClientName name = name(arguments);
    await(workplace.boots().boot(name, arguments.flag("force")));
    return json(workplace, registration(workplace, name));
  }

  static JsonNode reset(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    ClientName name = name(arguments);
    await(workplace.boots().reset(name, arguments.flag("force")));
    return json(workplace, registration(workplace, name));
  }

  static JsonNode remove(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    ClientName name = name(arguments);
    registration(workplace, name);
    await(workplace.boots().remove(name, arguments.flag("force")));
    workplace.trails().forget(name.value());
    return JsonNodeFactory.instance.objectNode().put("removed", name.value());
  }

  private static ClientName name(Arguments arguments) throws RefusedException {
    return new ClientName(arguments.required("name"));
  }

  private static Registration registration(Workplace workplace, ClientName name) {
    return workplace.installation().registry().find(name).orElseThrow(() -> Registry.unknown(name));
  }

  /** Refuses a client that our own DHCP server could not serve. */
  static void checkAgainstDhcp(Client client, Installation installation) throws RefusedException {
    if (!(installation.configuration().dhcp() instanceof Dhcp.Server dhcp)) {
      return;
    }
    Inet4Address address = client.address();
    if (address != null
        && (dhcp.subnets().stream()
                .anyMatch(each -> address.equals(each.router()) || address.equals(each.address()))
            || address.getHostAddress().equals(installation.configuration().server()))) {
      throw new RefusedException(
          "%s is the server's or the router's address: give client '%s' another one"
              .formatted(address.getHostAddress(), client.name()));
    }
  }

  /** The address that clients are told, where it is configured as a literal. */
  private static @Nullable String literal(Installation installation) {
    String server = installation.configuration().server();
    try {
      ServerName name = server == null ? null : ServerName.ofHost(server);
      return name != null && name.isLiteral() ? name.text() : null;
    } catch (SyntaxException e) {
      throw new IllegalStateException("the configuration has checked 'server'", e);
    }
  }

  static ObjectNode json(Workplace workplace, Registration registration) throws StoreException {
    Client client = registration.client();
    Identities identities = workplace.installation().identities();
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", client.name().value());
    strings(node, "macs", client.macs());
    node.put("uuid", client.uuid() == null ? null : client.uuid().toString());
    strings(node, "initiators", client.initiators());
    strings(node, "circuits", client.keys().circuits());
    strings(node, "seenCards", registration.seenCards());
    node.put("enrolled", registration.enrolled());
    node.put(
        "open",
        ChapRules.open(workplace.installation().configuration().iscsi().chap(), registration));
    node.put("image", client.image().toString());
    node.put("mode", client.mode().text());
    Inet4Address address = registration.address();
    node.put("address", address == null ? null : address.getHostAddress());
    client
        .sizeBytes()
        .ifPresentOrElse(size -> node.put("sizeBytes", size), () -> node.putNull("sizeBytes"));
    client
        .limitBytes()
        .ifPresentOrElse(limit -> node.put("limitBytes", limit), () -> node.putNull("limitBytes"));
    node.put("secureBoot", client.secureBoot());
    node.put("install", client.install());
    strings(node, "menu", client.menu());
    node.put("group", client.group() == null ? null : client.group().name().value());
    ObjectNode sources = node.putObject("sources");
    for (Setting setting : Setting.values()) {
      sources.put(setting.text(), client.source(setting).text());
    }
    node.set("disks", DiskChange.json(workplace, client));
    strings(node, "warnings", warnings(workplace.installation(), registration));
    node.set("snapshots", DiskOperations.snapshots(workplace, client));
    node.put("target", identities.target(client.name()));
    node.put("initiator", identities.told(client).value());
    chap(node, workplace, registration.chap());
    node.put("overlayBytes", workplace.installation().store().overlayBytes(client.name().value()));
    node.put("storeBytes", workplace.installation().store().clientBytes(client.name().value()));
    workplace.boots().status(client.name()).ifPresent(status -> boot(node, status));
    return node;
  }

  /** What an administrator should know of the client before somebody else finds out. */
  private static List<String> warnings(Installation installation, Registration registration) {
    Configuration configuration = installation.configuration();
    boolean byName =
        ChapRules.byNameOnly(
            configuration.iscsi().chap(),
            configuration.dhcp() instanceof Dhcp.Server,
            registration);
    boolean unseen =
        configuration.http().listen().isEmpty()
            || (configuration.dhcp() instanceof Dhcp.Server giving && !giving.scripted());
    List<String> warnings = new ArrayList<>();
    if (byName) {
      warnings.add(BY_NAME_ONLY);
    }
    if (unseen && !registration.client().menu().isEmpty()) {
      warnings.add(MENU_UNSEEN);
    }
    return warnings;
  }

  /** All but the secrets. */
  private static void chap(ObjectNode node, Workplace workplace, @Nullable Chap chap) {
    node.put("chapMode", workplace.installation().configuration().iscsi().chap().text());
    if (chap == null) {
      node.putNull("chap");
      return;
    }
    Chap.Pair target = chap.target();
    node.putObject("chap")
        .put("user", chap.user())
        .put("targetUser", target == null ? null : target.user())
        .put("handOut", chap.handOut())
        .put("eachBoot", chap.next() != null);
  }

  private static void boot(ObjectNode node, ClientStatus status) {
    node.put("stage", status.stage().text());
    node.put("generation", status.generation());
    node.put("bootedImage", status.image());
    ArrayNode sessions = node.putArray("sessions");
    for (SessionStatus session : status.sessions()) {
      sessions
          .addObject()
          .put("id", session.id())
          .put("initiator", session.initiator())
          .put("isid", session.isid())
          .put("address", session.address())
          .put("kind", session.kind())
          .put("since", session.since().toString());
    }
    Refusal refusal = status.refusal();
    if (refusal == null) {
      node.putNull("refused");
    } else {
      node.putObject("refused")
          .put("at", refusal.at().toString())
          .put("reason", refusal.reason())
          .put("initiator", refusal.initiator())
          .put("address", refusal.address());
    }
  }

  private static void strings(ObjectNode node, String field, List<?> values) {
    ArrayNode array = node.putArray(field);
    values.forEach(value -> array.add(value.toString()));
  }

  /** Waits, and throws what the stage failed with. */
  static <T> T await(CompletionStage<T> stage) throws Exception {
    try {
      return stage.toCompletableFuture().get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    }
  }
}
