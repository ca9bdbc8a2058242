// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.seed.Seeds;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.images.store.ImageStore;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * What all clients' boots work with.
 *
 * @param listener hears how boots get on
 * @param menus by what choices of an image are known
 * @param threads run the machines and wait for the store
 * @param alarms tells the time
 * @param clock milliseconds that never go back
 * @param startedAt when the server started, on that clock
 * @param clients those that have been heard of since then
 * @param seeds what is on their seed disks
 */
record BootParts(
    Registry registry,
    ImageStore store,
    Identities identities,
    BootPolicy policy,
    Revocation revocation,
    BootListener listener,
    MenuTokens menus,
    Executor threads,
    ScheduledExecutorService alarms,
    LongSupplier clock,
    long startedAt,
    Map<ClientName, ClientBoots> clients,
    Seeds seeds) {

  long millis() {
    return clock.getAsLong();
  }

  CompletionStage<Void> revoke(ClientName client, long generation, String reason) {
    return revocation.revoke(identities.target(client), generation, reason);
  }

  /** The golden version that a reference means now. */
  Optional<GoldenVersion> version(ImageReference image) {
    return image.version().isPresent()
        ? store.find(image.image(), image.version().getAsInt())
        : store.defaultVersion(image.image());
  }

  void forget(ClientName name, ClientBoots client) {
    clients.remove(name, client);
  }

  /** One line that says why. */
  static String message(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof TimeoutException) {
      return "commands of an older session did not end in time; try again";
    }
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  /** A text that may come from the network, fit for a log: short, and printable ASCII only. */
  static String shown(String text) {
    String cut =
        text.length() <= BootLimits.SHOWN_CHARACTERS
            ? text
            : text.substring(0, BootLimits.SHOWN_CHARACTERS);
    return cut.replaceAll("[^ -~]", "?");
  }

  /** The address without the scope that a link-local one has on this machine today. */
  static InetAddress plain(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address;
    }
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address of 16 bytes is one", e);
    }
  }
}
