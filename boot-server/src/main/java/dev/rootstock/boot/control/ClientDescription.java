// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientKeys;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.Group;
import dev.rootstock.boot.clients.GroupName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.MachineUuid;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.RelayCircuit;
import dev.rootstock.boot.clients.Setting;
import dev.rootstock.boot.clients.Settings;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a request says of a client or a group. A field that is not there changes nothing; {@code
 * none} takes away what there is.
 */
final class ClientDescription {
  private static final String NONE = "none";

  private ClientDescription() {}

  /** A client that is new. */
  static Client added(Arguments arguments, Registry registry, DiskChange disks)
      throws RefusedException {
    ClientName name = new ClientName(arguments.required("name"));
    return new Client(
        name,
        keys(ClientKeys.NONE, arguments),
        settings(Settings.NONE, arguments),
        group(null, arguments, registry),
        address(null, arguments),
        disks.applied(List.of()));
  }

  /** A client as the request changes it. */
  static Client changed(Client client, Arguments arguments, Registry registry, DiskChange disks) {
    // All at once: what is said before may make no sense without what is said after.
    return new Client(
        client.name(),
        keys(client.keys(), arguments),
        settings(client.own(), arguments),
        group(client.group(), arguments, registry),
        address(client.address(), arguments),
        disks.applied(client.disks()));
  }

  /** Settings as the request changes them; those that it says to unset are said no more. */
  static Settings settings(Settings settings, Arguments arguments) {
    Settings changed = settings;
    for (String unset : arguments.texts("unset")) {
      changed = changed.without(Setting.parse(unset));
    }
    String image = arguments.text("image");
    if (image != null) {
      changed = changed.withImage(ImageReference.parse(image));
    }
    String mode = arguments.text("mode");
    if (mode != null) {
      changed = changed.withMode(Mode.parse(mode));
    }
    String size = arguments.text("sizeBytes");
    if (size != null) {
      changed = changed.withSize(OptionalLong.of(Long.parseLong(size)));
    }
    String limit = arguments.text("limitBytes");
    if (limit != null) {
      changed = changed.withLimit(OptionalLong.of(Long.parseLong(limit)));
    }
    String secureBoot = arguments.text("secureBoot");
    if (secureBoot != null) {
      changed = changed.withSecureBoot(Boolean.valueOf(secureBoot));
    }
    String install = arguments.text("install");
    if (install != null) {
      changed = changed.withInstall(Boolean.valueOf(install));
    }
    List<String> menu = arguments.texts("menu");
    if (!menu.isEmpty()) {
      changed = changed.withMenu(list(List.of(), menu, ImageReference::parse));
    }
    return changed;
  }

  private static ClientKeys keys(ClientKeys keys, Arguments arguments) {
    String uuid = arguments.text("uuid");
    return new ClientKeys(
        list(keys.macs(), arguments.texts("macs"), MacAddress::parse),
        uuid == null ? keys.uuid() : uuid.equals(NONE) ? null : MachineUuid.parse(uuid),
        list(keys.initiators(), arguments.texts("initiators"), InitiatorName::new),
        list(keys.circuits(), arguments.texts("circuits"), RelayCircuit::parse));
  }

  private static @Nullable Group group(
      @Nullable Group now, Arguments arguments, Registry registry) {
    String name = arguments.text("group");
    if (name == null) {
      return now;
    }
    if (name.equals(NONE)) {
      return null;
    }
    GroupName wanted = new GroupName(name);
    return registry.group(wanted).orElseThrow(() -> Registry.unknown(wanted));
  }

  private static <T> List<T> list(List<T> now, List<String> texts, Function<String, T> parse) {
    if (texts.isEmpty()) {
      return now;
    }
    return texts.equals(List.of(NONE)) ? List.of() : texts.stream().map(parse).toList();
  }

  private static @Nullable Inet4Address address(@Nullable Inet4Address now, Arguments arguments) {
    String text = arguments.text("address");
    if (text == null) {
      return now;
    }
    return text.equals(NONE) ? null : address(text);
  }

  private static Inet4Address address(String text) {
    try {
      // Shorter forms are addresses for ofLiteral too; people mean four numbers.
      if (text.chars().filter(c -> c == '.').count() == 3
          && InetAddress.ofLiteral(text) instanceof Inet4Address address
          && !address.isAnyLocalAddress()
          && !address.isMulticastAddress()
          && !address.isLoopbackAddress()) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // said below
    }
    throw new InvalidClientException(
        "'%s' is no IPv4 address of a machine: write four numbers, as 10.77.0.20".formatted(text));
  }
}
