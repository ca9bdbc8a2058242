// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootEvent.Command;
import dev.rootstock.boot.boots.BootEvent.Login;
import dev.rootstock.boot.boots.BootEvent.Offer;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.net.RateLimit;
import dev.rootstock.images.store.GoldenVersion;
import dev.rootstock.target.Admission.Decision;
import dev.rootstock.target.Admission.Granted;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.Admission.Refused;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's boots, live: its machine's state, its sessions and its disk. Everything runs in its
 * mailbox, so nothing here needs a lock; what comes from outside is put there first.
 */
final class ClientBoots {
  private static final Logger log = LoggerFactory.getLogger(ClientBoots.class);

  private final ClientName name;
  private final BootParts parts;
  private final Mailbox mailbox;
  private final ClientDisk disk;
  private final Map<Long, CompletableFuture<Decision>> logins = new HashMap<>();
  private final Map<Long, CompletableFuture<Void>> commands = new HashMap<>();
  private final Map<Long, SessionLease> sessions = new HashMap<>();
  private final RateLimit refusalLog =
      new RateLimit(
          BootLimits.REFUSALS_LOGGED, BootLimits.REFUSALS_LOGGED_A_SECOND, System::nanoTime);
  private final Presence presence;
  private BootState state;
  private long lastId;
  private @Nullable ScheduledFuture<?> alarm;
  private ClientStatus.@Nullable Refusal refusal;
  private volatile ClientStatus status;

  ClientBoots(Registration registration, BootParts parts) {
    this.name = registration.client().name();
    this.parts = parts;
    this.mailbox = new Mailbox(parts.threads());
    this.disk = new ClientDisk(name, parts, overlay -> post(new BootEvent.Flushed(overlay)));
    this.state = BootState.restored(registration.boot(), parts.startedAt());
    this.presence = new Presence(parts::millis);
    presence.see(state);
    this.status = picture();
  }

  // ---- from any thread ----

  ClientStatus status() {
    return status;
  }

  CompletionStage<Decision> login(LoginRequest request) {
    CompletableFuture<Decision> answer = new CompletableFuture<>();
    if (!mailbox.offer(() -> failing(() -> ask(request, answer), answer))) {
      answer.complete(new Refused(LoginStatus.OUT_OF_RESOURCES, "too much waits for " + name));
    }
    return answer;
  }

  void discovered(int xid, boolean firmware) {
    // Dropped when there are too many: another one comes, or firmware after a system marks the
    // boot.
    mailbox.offer(() -> take(new BootEvent.Discover(xid, firmware)));
  }

  /** Whether its machine is at work at an address; its sessions there are asked, now and then. */
  boolean isAtWork(InetAddress address) {
    boolean there = presence.at(address);
    if (there && presence.asks()) {
      mailbox.offer(
          () ->
              presence
                  .sessions(address)
                  .forEach(id -> probe(id, found -> presence.heard(id, found))));
    }
    return there;
  }

  void scriptFetched(InetAddress from) {
    mailbox.offer(() -> take(new BootEvent.ScriptFetched(from)));
  }

  String menuToken(InetAddress address) {
    return parts.menus().token(name, status.generation(), address);
  }

  CompletionStage<Void> choose(InetAddress address, String token, String image) {
    CompletableFuture<Void> answer = new CompletableFuture<>();
    if (!mailbox.offer(() -> failing(() -> choose(address, token, image, answer), answer))) {
      answer.completeExceptionally(new BootRefusedException("too much waits for " + name));
    }
    return answer.copy().orTimeout(BootLimits.CHOICE.toMillis(), TimeUnit.MILLISECONDS);
  }

  CompletionStage<Void> command(
      Command.What what, boolean force, @Nullable Replacement replacement) {
    CompletableFuture<Void> answer = new CompletableFuture<>();
    boolean accepted =
        mailbox.offer(
            () ->
                failing(
                    () -> {
                      long id = ++lastId;
                      commands.put(id, answer);
                      take(new Command(id, what, force, replacement));
                    },
                    answer));
    if (!accepted) {
      answer.completeExceptionally(new BootRefusedException("too much waits for " + name));
    }
    return answer;
  }

  /** A login that did not come as far as the machine. */
  void turnedAway(LoginRequest request, String reason) {
    mailbox.offer(() -> refused(request.initiatorName(), address(request), reason));
  }

  /** Closes the disk for good; sessions are over by now. */
  CompletionStage<Void> stop() {
    return CompletableFuture.runAsync(disk::close, mailbox::put);
  }

  /** Completes when what the mailbox holds now has run. */
  CompletionStage<Void> settled() {
    return CompletableFuture.runAsync(() -> {}, mailbox::put);
  }

  // ---- in the mailbox ----

  /** Runs a task; whoever waits for its answer hears of its failure. */
  private static void failing(Runnable task, CompletableFuture<?> answer) {
    try {
      task.run();
    } catch (Throwable e) {
      answer.completeExceptionally(e);
      throw e;
    }
  }

  private void ask(LoginRequest request, CompletableFuture<Decision> answer) {
    Optional<Registration> registration = parts.registry().find(name);
    if (registration.isEmpty()) {
      answer.complete(new Refused(LoginStatus.TARGET_REMOVED, "client " + name + " was removed"));
      return;
    }
    long id = ++lastId;
    InetAddress address = address(request);
    logins.put(id, answer);
    sessions.put(id, new SessionLease(this, id, request, Instant.now()));
    InitiatorKind kind = InitiatorKind.of(request.isid(), registration.get().cards());
    take(
        new Login(
            id,
            address,
            kind,
            offer(registration.get().client(), address),
            parts.policy().chap().bootOf(registration.get(), request.identity())));
  }

  private void choose(
      InetAddress address, String token, String image, CompletableFuture<Void> answer) {
    Optional<String> problem = ImageMenu.against(parts, name, image);
    if (!parts.menus().proves(token, name, state.generation(), address)) {
      problem =
          Optional.of(
              "this menu was not shown to this machine for its next boot: restart the machine");
    }
    if (problem.isPresent()) {
      answer.completeExceptionally(
          new BootRefusedException("client " + name + ": " + problem.get()));
      return;
    }
    long id = ++lastId;
    commands.put(id, answer);
    take(new BootEvent.ImageChosen(id, address, ImageReference.parse(image)));
  }

  private Offer offer(Client client, InetAddress address) {
    ImageReference chosen = state.chosen(address, parts.millis());
    Optional<String> problem =
        chosen == null ? Optional.empty() : ImageMenu.against(parts, client, chosen.toString());
    Optional<GoldenVersion> version =
        problem.isPresent()
            ? Optional.empty()
            : parts.version(chosen == null ? client.image() : chosen);
    return new Offer(
        client.mode(),
        parts.policy().takeover(),
        version.map(v -> ImageReference.of(v.name(), v.number())).orElse(null),
        problem.orElse(
            version.isPresent()
                ? ""
                : "there is no image %s: run 'rootstock image import', or give the client another one"
                    .formatted(client.image())),
        UUID.randomUUID());
  }

  /** Puts an event of our own into the mailbox. */
  void post(BootEvent event) {
    mailbox.put(() -> take(event));
  }

  private void take(BootEvent event) {
    BootMachine.Outcome outcome = BootMachine.step(state, event, parts.millis());
    state = outcome.state();
    presence.see(state);
    status = picture();
    for (BootEffect effect : outcome.effects()) {
      try {
        apply(effect);
      } catch (Throwable e) {
        log.error("client {}: {} failed", name, effect, e);
        if (effect instanceof BootEffect.Awaited) {
          post(new BootEvent.Failed("an internal error; the server's log has it", false));
        }
      }
    }
  }

  private void apply(BootEffect effect) {
    switch (effect) {
      case BootEffect.Save save ->
          await(
              parts.registry().update(name, registration -> registration.withBoot(save.record())));
      case BootEffect.CloseSessions close -> await(closeAll(close.ids()));
      case BootEffect.FenceBefore fence -> await(fence(fence.generation()));
      case BootEffect.CreateOverlay create -> post(disk.create(create.record(), create.overlay()));
      case BootEffect.OpenDisk open -> post(disk.open(open.record()));
      case BootEffect.RemoveOverlay ignored -> post(disk.remove());
      case BootEffect.ReplaceOverlay replace -> replaceLater(replace.replacement());
      case BootEffect.ForgetClient ignored -> await(parts.registry().remove(name));
      case BootEffect.Probe probe ->
          probe(probe.id(), found -> post(new BootEvent.Probed(probe.id(), found)));
      case BootEffect.CloseSession close -> closeAll(Set.of(close.id()));
      case BootEffect.CloseDisk ignored -> disk.close();
      case BootEffect.WakeAt wake -> wakeAt(wake.millis());
      case BootEffect.Grant grant -> granted(grant);
      case BootEffect.Refuse refuse -> refused(refuse);
      case BootEffect.Completed completed -> completed(completed.id());
      case BootEffect.ChoiceKept kept ->
          Objects.requireNonNull(commands.remove(kept.id())).complete(null);
    }
  }

  /** Copying a disk takes long: other clients need the shared threads meanwhile. */
  private void replaceLater(Replacement replacement) {
    Thread.ofPlatform()
        .name("replace-" + name)
        .daemon()
        .start(
            () -> {
              BootEvent end;
              try {
                end = disk.replace(replacement);
              } catch (RuntimeException | Error bug) {
                log.error("client {}: its disk was not replaced", name, bug);
                end = new BootEvent.Failed("an internal error; the server's log has it", false);
              }
              post(end);
            });
  }

  private void await(CompletionStage<?> stage) {
    stage.whenComplete(
        (done, failure) ->
            post(
                failure == null
                    ? new BootEvent.Done()
                    : new BootEvent.Failed(BootParts.message(failure), false)));
  }

  private CompletionStage<Void> fence(long before) {
    CompletionStage<Void> disks = disk.fenceBefore(before);
    return parts
        .revoke(name, before - 1, "a newer boot has the disk, or the administrator took it away")
        .thenCombine(disks, (revoked, fenced) -> before)
        .toCompletableFuture()
        .copy()
        .orTimeout(BootLimits.FENCE.toMillis(), TimeUnit.MILLISECONDS)
        .thenAcceptAsync(ignored -> disk.closeBefore(before), mailbox::put);
  }

  private CompletionStage<Void> closeAll(Set<Long> ids) {
    CompletableFuture<?>[] closing =
        ids.stream()
            .map(sessions::get)
            .filter(Objects::nonNull)
            .map(session -> session.close("the machine of this session is gone"))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(closing)
        .orTimeout(BootLimits.FENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void probe(long id, Consumer<Liveness> answer) {
    SessionLease lease = sessions.get(id);
    TargetSession session = lease == null ? null : lease.session();
    if (session == null) {
      answer.accept(Liveness.DEAD);
      return;
    }
    CompletableFuture<Liveness> _ =
        session
            .probe(BootLimits.PROBE)
            .toCompletableFuture()
            .copy()
            .orTimeout(2 * BootLimits.PROBE.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete(
                (found, failure) ->
                    // What we could not find out must not cost a machine its disk.
                    answer.accept(failure == null ? found : Liveness.ALIVE));
  }

  private void wakeAt(long millis) {
    if (alarm != null) {
      alarm.cancel(false);
    }
    alarm =
        parts
            .alarms()
            .schedule(
                () -> post(new BootEvent.Tick()),
                Math.max(0, millis - parts.millis()),
                TimeUnit.MILLISECONDS);
  }

  private void granted(BootEffect.Grant grant) {
    SessionLease lease = lease(grant.id());
    lease.granted(grant.generation(), disk.units());
    log.info(
        "client {}: {} from {} has boot {}",
        name,
        lease.request().initiatorName(),
        address(lease.request()).getHostAddress(),
        grant.generation());
    tellOf(lease, Objects.requireNonNull(state.sessions.get(grant.id())).kind());
    Objects.requireNonNull(logins.remove(grant.id())).complete(new Granted(lease));
  }

  private void tellOf(SessionLease lease, InitiatorKind kind) {
    Traffic traffic = disk.traffic().orElseThrow();
    boolean firmware = kind == InitiatorKind.FIRMWARE;
    if (!firmware) {
      traffic.awaitWrite();
    }
    LoginRequest request = lease.request();
    parts
        .listener()
        .loggedIn(
            name.value(),
            firmware,
            request.initiatorName(),
            address(request),
            Objects.requireNonNull(state.record).image().toString(),
            traffic);
  }

  private void refused(BootEffect.Refuse refuse) {
    CompletableFuture<Decision> login = logins.remove(refuse.id());
    if (login != null) {
      LoginRequest request = Objects.requireNonNull(sessions.remove(refuse.id())).request();
      refused(request.initiatorName(), address(request), refuse.reason());
      login.complete(new Refused(refuse.status(), "client " + name + ": " + refuse.reason()));
    }
    CompletableFuture<Void> command = commands.remove(refuse.id());
    if (command != null) {
      command.completeExceptionally(
          new BootRefusedException("client " + name + ": " + refuse.reason()));
    }
  }

  private void refused(String initiator, InetAddress address, String reason) {
    String from = address.getHostAddress();
    String who = BootParts.shown(initiator);
    String why = BootParts.shown(reason);
    if (refusalLog.tryTake()) {
      log.warn("client {}: {} from {} is refused: {}", name, who, from, why);
    }
    refusal = new ClientStatus.Refusal(Instant.now(), why, who, from);
    status = picture();
  }

  private void completed(long id) {
    if (state.removed) {
      Optional<String> leftover = disk.removeOfRemoved();
      leftover.ifPresent(reason -> log.warn("client {} is removed, but {}", name, reason));
      parts.forget(name, this);
    }
    Objects.requireNonNull(commands.remove(id)).complete(null);
  }

  // ---- told by leases ----

  void opened(long id) {
    post(new BootEvent.SessionOpened(id));
  }

  void ended(long id, long generation, String why) {
    mailbox.put(
        () -> {
          sessions.remove(id);
          take(new BootEvent.SessionEnded(id));
          if (sessions.isEmpty() && generation > 0) {
            parts.listener().left(name.value(), generation, why);
          }
        });
  }

  /** What its boot has moved since the server started. */
  Optional<Traffic> traffic() {
    return disk.traffic();
  }

  private ClientStatus picture() {
    ClientStatus bare = ClientStatus.of(state);
    List<ClientStatus.SessionStatus> shown =
        state.sessions.values().stream()
            .filter(known -> sessions.containsKey(known.id()))
            .map(known -> lease(known.id()).status(known.kind()))
            .toList();
    return new ClientStatus(
        bare.stage(), bare.generation(), bare.image(), shown, refusal, disk.missing());
  }

  private SessionLease lease(long id) {
    return Objects.requireNonNull(sessions.get(id));
  }

  /** Without the scope of a link-local address, which need not exist after a restart. */
  static InetAddress address(LoginRequest request) {
    return BootParts.plain(request.initiator().getAddress());
  }
}
