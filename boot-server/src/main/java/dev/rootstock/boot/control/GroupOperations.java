// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.Group;
import dev.rootstock.boot.clients.GroupName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Settings;
import dev.rootstock.images.store.Progress;
import java.util.List;

/** What {@code rootstock group} does. */
final class GroupOperations {
  private GroupOperations() {}

  static JsonNode add(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    Group group = new Group(name(arguments), ClientDescription.settings(Settings.NONE, arguments));
    checkImage(workplace, arguments);
    return json(workplace, ClientOperations.await(registry(workplace).add(group)));
  }

  /** Its clients get what it says from their next boot on; limits hold at once. */
  static JsonNode set(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    checkImage(workplace, arguments);
    return json(
        workplace,
        ClientOperations.await(
            registry(workplace)
                .updateGroup(
                    name(arguments),
                    now -> now.with(ClientDescription.settings(now.settings(), arguments)))));
  }

  static JsonNode list(Workplace workplace, Arguments arguments, Progress progress) {
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode groups = result.putArray("groups");
    registry(workplace).groups().forEach(group -> groups.add(json(workplace, group)));
    return result;
  }

  static JsonNode show(Workplace workplace, Arguments arguments, Progress progress)
      throws RefusedException {
    GroupName name = name(arguments);
    return json(
        workplace, registry(workplace).group(name).orElseThrow(() -> Registry.unknown(name)));
  }

  static JsonNode remove(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    GroupName name = name(arguments);
    ClientOperations.await(registry(workplace).remove(name));
    return JsonNodeFactory.instance.objectNode().put("removed", name.value());
  }

  private static void checkImage(Workplace workplace, Arguments arguments) throws RefusedException {
    String image = arguments.text("image");
    if (image != null) {
      ImageOperations.version(workplace.installation(), ImageReference.parse(image));
    }
    List<ImageReference> menu = ClientDescription.settings(Settings.NONE, arguments).menu();
    for (ImageReference choice : menu == null ? List.<ImageReference>of() : menu) {
      ImageOperations.version(workplace.installation(), choice);
    }
  }

  private static GroupName name(Arguments arguments) throws RefusedException {
    return new GroupName(arguments.required("name"));
  }

  private static Registry registry(Workplace workplace) {
    return workplace.installation().registry();
  }

  private static ObjectNode json(Workplace workplace, Group group) {
    Settings settings = group.settings();
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", group.name().value());
    node.put("image", settings.image() == null ? null : settings.image().toString());
    node.put("mode", settings.mode() == null ? null : settings.mode().text());
    settings
        .sizeBytes()
        .ifPresentOrElse(size -> node.put("sizeBytes", size), () -> node.putNull("sizeBytes"));
    settings
        .limitBytes()
        .ifPresentOrElse(limit -> node.put("limitBytes", limit), () -> node.putNull("limitBytes"));
    node.put("secureBoot", settings.secureBoot());
    node.put("install", settings.install());
    List<ImageReference> choices = settings.menu();
    if (choices == null) {
      node.putNull("menu");
    } else {
      ArrayNode menu = node.putArray("menu");
      choices.forEach(choice -> menu.add(choice.toString()));
    }
    ArrayNode clients = node.putArray("clients");
    registry(workplace)
        .members(group.name())
        .forEach(each -> clients.add(each.client().name().value()));
    return node;
  }
}
