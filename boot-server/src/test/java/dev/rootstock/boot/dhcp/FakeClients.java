// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A registry in memory, whose writes a test can hold back or let fail. */
final class FakeClients implements DhcpClients {
  private final Map<HardwareAddress, DhcpClient> clients = new HashMap<>();

  private final Map<HardwareAddress, String> disputes = new HashMap<>();

  private final Map<String, CompletableFuture<Void>> writes = new HashMap<>();

  /** Whether a write waits until the test ends it. */
  boolean slow;

  /** The write that was begun for a client while {@link #slow} was set. */
  CompletableFuture<Void> write(String name) {
    return Objects.requireNonNull(writes.get(name), name);
  }

  /** Adds a client whose address is its own, or comes from the range. */
  FakeClients add(String name, String mac, Optional<String> address) {
    clients.put(
        HardwareAddress.ethernet(mac),
        new DhcpClient(
            name,
            address.map(Inet4Address::ofLiteral),
            Optional.empty(),
            false,
            Optional.of(
                RootPath.of(
                    new ServerName("10.77.0.1"),
                    RootPath.DEFAULT_PORT,
                    Lun.ZERO,
                    new IscsiName("iqn.2026-11.dev.rootstock:01234567:" + name))),
            Optional.of(
                new IscsiName("iqn.2026-11.dev.rootstock:01234567:" + name + ":initiator"))));
    return this;
  }

  @Override
  public Recognised recognise(MachineKeys keys) {
    String reason = disputes.get(keys.chaddr());
    if (reason != null) {
      return new Recognised.Disputed(reason);
    }
    DhcpClient known = clients.get(keys.chaddr());
    return known == null ? new Recognised.Stranger() : new Recognised.Known(known);
  }

  /** Lets a machine be taken for two clients. */
  FakeClients dispute(String mac, String reason) {
    disputes.put(HardwareAddress.ethernet(mac), reason);
    return this;
  }

  @Override
  public boolean isTaken(Inet4Address address) {
    return clients.values().stream()
        .anyMatch(
            client ->
                client.configuredAddress().equals(Optional.of(address))
                    || client.rememberedAddress().equals(Optional.of(address)));
  }

  @Override
  public CompletionStage<?> remember(DhcpClient client, Inet4Address address) {
    String name = client.name();
    CompletableFuture<Void> write = new CompletableFuture<>();
    if (slow) {
      writes.put(name, write);
      return write.thenRun(() -> store(name, address)).minimalCompletionStage();
    }
    store(name, address);
    write.complete(null);
    return write;
  }

  /** Lets a client have booted. */
  void boot(String name) {
    clients.replaceAll(
        (mac, client) ->
            client.name().equals(name)
                ? new DhcpClient(
                    name,
                    client.configuredAddress(),
                    client.rememberedAddress(),
                    true,
                    client.rootPath(),
                    client.initiatorName())
                : client);
  }

  private void store(String name, Inet4Address address) {
    clients.replaceAll(
        (mac, client) ->
            client.name().equals(name)
                ? new DhcpClient(
                    name,
                    client.configuredAddress(),
                    Optional.of(address),
                    client.booted(),
                    client.rootPath(),
                    client.initiatorName())
                : client);
  }
}
