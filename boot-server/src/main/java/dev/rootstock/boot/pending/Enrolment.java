// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientKeys;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.Group;
import dev.rootstock.boot.clients.GroupName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Settings;
import dev.rootstock.boot.config.EnrolRule;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.net.RateLimit;
import java.net.Inet4Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes clients of unknown machines, as far as the rule lets it.
 *
 * <p>Anybody can send packets for any number of machines. So there are never more enrolled clients
 * than the rule's limit, those that are on their way to the registry counted in; they come no
 * faster than its rate; and each has a name that no packet can choose and no disk before its
 * machine logs in.
 */
public final class Enrolment {
  private static final Logger log = LoggerFactory.getLogger(Enrolment.class);

  private final EnrolRule rule;
  private final Registry registry;
  private final Consumer<Client> check;
  private final OnceLog once;
  private final RateLimit rate;
  private final Map<MacAddress, CompletionStage<Optional<Registration>>> underWay = new HashMap<>();
  private final Set<ClientName> names = new HashSet<>();

  /**
   * A machine that asked for what only boot firmware asks for.
   *
   * @param link an address of the network that it asks from
   * @param relay the agent that it asks through, if there is one
   */
  public record Machine(
      MacAddress card, Optional<UUID> uuid, Inet4Address link, Optional<Inet4Address> relay) {}

  /**
   * Begins.
   *
   * @param check throws where a client could not be served, and why
   */
  public Enrolment(
      EnrolRule rule, Registry registry, Consumer<Client> check, LongSupplier nanoTime) {
    this.rule = rule;
    this.registry = registry;
    this.check = check;
    this.once =
        new OnceLog(
            log, Limits.ENROL_LOGGED, Limits.ENROL_LOGGED, Limits.ENROL_LOGGED_A_SECOND, nanoTime);
    this.rate = new RateLimit(rule.rate(), (double) rule.rate() / rule.perSeconds(), nanoTime);
  }

  /**
   * A machine asked that is no client.
   *
   * @return the client that it is from now on, when that is durable; empty, and complete at once,
   *     where the rule does not take it
   */
  public synchronized CompletionStage<Optional<Registration>> asked(Machine machine) {
    CompletionStage<Optional<Registration>> begun = underWay.get(machine.card());
    if (begun != null) {
      return begun;
    }
    Optional<ClientName> name = refusal(machine).isPresent() ? Optional.empty() : name(machine);
    if (name.isEmpty()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    Client client;
    try {
      client = client(name.get(), machine);
      check.accept(client);
    } catch (InvalidClientException e) {
      refused(machine, String.valueOf(e.getMessage()));
      return CompletableFuture.completedFuture(Optional.empty());
    }
    names.add(name.get());
    CompletableFuture<Optional<Registration>> answer = new CompletableFuture<>();
    underWay.put(machine.card(), answer);
    CompletionStage<?> _ =
        registry
            .enrol(client)
            .whenComplete(
                (added, failure) -> answer.complete(ended(machine, name.get(), added, failure)));
    return answer;
  }

  /** What stands against it, which is logged. */
  private Optional<String> refusal(Machine machine) {
    Optional<String> reason = rule.refusal(machine.card(), machine.link(), machine.relay());
    if (reason.isEmpty() && registry.enrolled() + underWay.size() >= rule.limit()) {
      reason =
          Optional.of(
              "%d machines are enrolled, which is the limit; remove some, or raise"
                      .formatted(rule.limit())
                  + " 'unknown-clients.limit'");
    }
    if (reason.isEmpty() && (underWay.size() >= Limits.ENROLLING || !rate.tryTake())) {
      reason = Optional.of("too many machines come at once; it may ask again");
    }
    reason.ifPresent(why -> refused(machine, why));
    return reason;
  }

  private Optional<ClientName> name(Machine machine) {
    int last = rule.names().numbers() ? rule.limit() + 1 : 1;
    for (int number = 1; number <= last; number++) {
      Optional<ClientName> name = rule.names().name(machine.card(), machine.uuid(), number);
      if (name.isEmpty()) {
        refused(machine, "it does not tell its UUID, which its name needs");
        return name;
      }
      if (registry.find(name.get()).isEmpty() && !names.contains(name.get())) {
        return name;
      }
    }
    refused(machine, "the name that it would have is another client's");
    return Optional.empty();
  }

  private Client client(ClientName name, Machine machine) {
    GroupName wanted = rule.group();
    Group group =
        wanted == null ? null : registry.group(wanted).orElseThrow(() -> Registry.unknown(wanted));
    return new Client(
        name,
        ClientKeys.NONE.withMacs(List.of(machine.card())),
        new Settings(
            rule.image(),
            rule.mode(),
            OptionalLong.empty(),
            OptionalLong.empty(),
            null,
            null,
            null),
        group,
        null,
        List.of());
  }

  private synchronized Optional<Registration> ended(
      Machine machine, ClientName name, @Nullable Registration added, @Nullable Throwable failure) {
    underWay.remove(machine.card());
    names.remove(name);
    if (failure != null) {
      refused(machine, String.valueOf(failure.getMessage()));
      return Optional.empty();
    }
    log.info("machine {} is enrolled as client {}", machine.card(), name);
    return Optional.ofNullable(added);
  }

  private void refused(Machine machine, String why) {
    once.warn("machine " + machine.card() + " is not enrolled: " + why);
  }
}
