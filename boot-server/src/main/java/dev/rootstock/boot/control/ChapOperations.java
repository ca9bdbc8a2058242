// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.boots.ChapRules;
import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Secret;
import dev.rootstock.images.store.Progress;
import org.jspecify.annotations.Nullable;

/**
 * What {@code rootstock client chap} does. Secrets come in a request and go into the registry's
 * file; no answer and no log line holds one.
 */
final class ChapOperations {
  private ChapOperations() {}

  static JsonNode chap(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    ClientName name = new ClientName(arguments.required("name"));
    if (arguments.flag("eachBoot")) {
      return eachBoot(workplace, name, arguments);
    }
    Chap chap = arguments.flag("off") ? null : read(name, arguments);
    if (chap != null) {
      ChapRules.checkApart(chap, workplace.installation().configuration().iscsi());
    }
    Registration changed =
        ClientOperations.await(
            workplace.installation().registry().update(name, known -> known.withChap(chap)));
    return ClientOperations.json(workplace, changed);
  }

  /** Until its next boot a client that has booted proves itself as it does now. */
  private static JsonNode eachBoot(Workplace workplace, ClientName name, Arguments arguments)
      throws Exception {
    String user = checked(arguments.text("user"), name);
    String targetUser = arguments.text("targetUser");
    Registration changed =
        ClientOperations.await(
            workplace
                .installation()
                .registry()
                .update(
                    name,
                    known ->
                        known.withChap(
                            Chap.eachBoot(user, targetUser, known.chap(), known.generation()))));
    return ClientOperations.json(workplace, changed);
  }

  private static String checked(@Nullable String user, ClientName name) {
    if (user != null && Chap.isOfBoot(user)) {
      throw new InvalidClientException(
          "'%s' is no CHAP name here: those that end in a slash and a number are of --each-boot"
              .formatted(user));
    }
    return user == null ? name.value() : user;
  }

  private static Chap read(ClientName name, Arguments arguments) throws RefusedException {
    String user = checked(arguments.text("user"), name);
    String targetSecret = arguments.text("targetSecret");
    return new Chap(
        new Chap.Pair(user, new Secret(arguments.required("secret"))),
        targetSecret == null ? null : target(arguments.text("targetUser"), targetSecret),
        arguments.flag("handOut"));
  }

  private static Chap.Pair target(@Nullable String user, String secret) {
    return new Chap.Pair(user == null ? Chap.TARGET_USER : user, new Secret(secret));
  }
}
