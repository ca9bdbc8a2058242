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
          Map.entry("dhcp-config", DhcpConfigOperation::print),
          Map.entry("image import", ImageOperations::importImage),
          Map.entry("image create", ImageOperations::create),
          Map.entry("image show", ImageOperations::show),
          Map.entry("image default", ImageOperations::setDefault),
          Map.entry("image publish", ImageOperations::publish),
          Map.entry("image export", ImageOperations::export),
          Map.entry("image remove", ImageOperations::remove),
          Map.entry("image list", ImageOperations::list),
          Map.entry("image verify", ImageOperations::verify),
          Map.entry("status", StatusOperation::status),
          Map.entry("client pending", MachineOperations::pending),
          Map.entry("client approve", MachineOperations::approve),
          Map.entry("client wake", MachineOperations::wake),
          Map.entry("group add", GroupOperations::add),
          Map.entry("group set", GroupOperations::set),
          Map.entry("group list", GroupOperations::list),
          Map.entry("group show", GroupOperations::show),
          Map.entry("group remove", GroupOperations::remove),
          Map.entry("client add", ClientOperations::add),
          Map.entry("client list", ClientOperations::list),
          Map.entry("client show", ClientOperations::show),
          Map.entry("client history", HistoryOperation::history),
          Map.entry("client chap", ChapOperations::chap),
          Map.entry("client set", DiskOperations::set),
          Map.entry("client snapshot", DiskOperations::snapshot),
          Map.entry("client restore", DiskOperations::restore),
          Map.entry("client export", DiskOperations::export),
          Map.entry("client check", DiskOperations::check),
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
    return name.equals("image import") || name.equals("image create");
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
