// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.MachineFacts;
import dev.rootstock.boot.clients.MachineUuid;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.dhcp.DhcpSubnet;
import dev.rootstock.boot.dhcp.MachineKeys;
import dev.rootstock.boot.pending.Enrolment;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Brings unknown machines to their enrolment: those whose boot firmware asks by DHCP, and those
 * whose iPXE fetches a script. An operating system's own DHCP makes no client of anything.
 */
record Enroller(Enrolment enrolment) {

  /**
   * A stranger's packet; it gets no answer yet, and is a client when it asks again.
   *
   * @return completes with the client that it has become, if it has
   */
  CompletionStage<Optional<Registration>> asked(DhcpPacket packet, DhcpSubnet arrival) {
    MachineFacts facts = BootDirectory.facts(MachineKeys.of(packet));
    if (facts.card().isEmpty() || !isBootFirmware(packet)) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    boolean relayed = packet.isRelayed();
    return enrolment.asked(
        new Enrolment.Machine(
            facts.card().get(),
            facts.uuid().filter(each -> !MachineUuid.isShared(each)),
            relayed ? packet.giaddr() : arrival.serverAddress(),
            relayed ? Optional.of(packet.giaddr()) : Optional.empty()));
  }

  private static boolean isBootFirmware(DhcpPacket packet) {
    try {
      return BootStage.of(packet.options()).isBootFirmware();
    } catch (MalformedDhcpException e) {
      return false;
    }
  }

  /**
   * A stranger that fetches a script. Waits until it is a client, or none.
   *
   * @return the client's name
   */
  Optional<String> fetches(Optional<String> mac, Optional<String> uuid, InetAddress from) {
    if (mac.isEmpty() || !(from instanceof Inet4Address link)) {
      return Optional.empty();
    }
    try {
      return enrolment
          .asked(
              new Enrolment.Machine(
                  MacAddress.parse(mac.get()),
                  uuid.flatMap(Enroller::uuid),
                  link,
                  Optional.empty()))
          .toCompletableFuture()
          .get(Limits.ENROL_TIME.toMillis(), TimeUnit.MILLISECONDS)
          .map(Enroller::name);
    } catch (InvalidClientException | ExecutionException | TimeoutException e) {
      return Optional.empty(); // no machine's words, or a registry that says why in the log
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** Where it is none the machine has its card all the same, and firmware says zeros or nothing. */
  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(MachineUuid.parse(text));
    } catch (InvalidClientException e) {
      return Optional.empty();
    }
  }

  private static String name(Registration client) {
    return client.client().name().value();
  }
}
