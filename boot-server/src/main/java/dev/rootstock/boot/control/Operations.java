// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.boot.boots.BootRefusedException;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.RegistryException;
import dev.rootstock.images.store.Progress;
import dev.rootstock.images.store.StoreException;
import java.util.Map;

/** All operations by name. */
public final class Operations {
  private static final Map<String, Operation> ALL =
      Map.ofEntries(
          Map.entry("image import", ImageOperations::importRaw),
          Map.entry("image list", ImageOperations::list),
          Map.entry("image verify", ImageOperations::verify),
          Map.entry("client add", ClientOperations::add),
          Map.entry("client list", ClientOperations::list),
          Map.entry("client show", ClientOperations::show),
          Map.entry("client boot", ClientOperations::boot),
          Map.entry("client reset", ClientOperations::reset),
          Map.entry("client remove", ClientOperations::remove));

  private Operations() {}

  static JsonNode run(Workplace workplace, String name, JsonNode arguments, Progress progress)
      throws Exception {
    Operation operation = ALL.get(name);
    if (operation == null) {
      throw new RefusedException(
          "the server does not know '%s': it is of another version than this command"
              .formatted(name));
    }
    return operation.run(workplace, new Arguments(arguments), progress);
  }

  /** Whether an operation makes sense where there is no data directory yet. */
  static boolean mayMakeData(String name) {
    return name.equals("image import");
  }

  /** Whether an exception's message is meant for the user, so that it is no defect. */
  public static boolean isRefusal(Throwable thrown) {
    return thrown instanceof RefusedException
        || thrown instanceof BootRefusedException
        || thrown instanceof StoreException
        || thrown instanceof RegistryException
        || thrown instanceof InvalidClientException
        || thrown instanceof InterruptedException;
  }
}
