// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.seed.Seeds;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.target.Admission;
import dev.rootstock.target.LoginStatus;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets machines have their disks: every client has a {@link BootMachine} of its own, and this class
 * brings them what happens. All methods return at once and may be called from any thread.
 */
public final class BootAdmission implements Admission, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BootAdmission.class);

  private final BootParts parts;
  private final ExecutorService threads;
  private final ScheduledThreadPoolExecutor alarms;
  private final Map<ClientName, ClientBoots> clients = new ConcurrentHashMap<>();
  private final Semaphore discoveries = new Semaphore(BootLimits.DISCOVERIES);
  private volatile Revocation revocation = Revocation.WITHOUT_TARGET;
  private final ListenerSeat listener = new ListenerSeat();

  private BootAdmission(
      Registry registry,
      ImageStore store,
      Identities identities,
      BootPolicy policy,
      LongSupplier clock,
      long startedAt) {
    threads = Executors.newFixedThreadPool(BootLimits.THREADS, named("boots"));
    alarms = new ScheduledThreadPoolExecutor(1, named("boots-time"));
    alarms.setRemoveOnCancelPolicy(true);
    parts =
        new BootParts(
            registry,
            store,
            identities,
            policy,
            (target, generation, reason) -> revocation.revoke(target, generation, reason),
            listener,
            new MenuTokens(),
            threads,
            alarms,
            clock,
            startedAt,
            clients,
            new Seeds(registry.folder()));
  }

  /**
   * The boots of a server that starts. It does not own registry and store. Until {@link
   * #revokeThrough} names the target, no session can live.
   */
  public static BootAdmission start(
      Registry registry, ImageStore store, Identities identities, BootPolicy policy) {
    return start(registry, store, identities, policy, BootAdmission::monotonic);
  }

  static BootAdmission start(
      Registry registry,
      ImageStore store,
      Identities identities,
      BootPolicy policy,
      LongSupplier clock) {
    return new BootAdmission(registry, store, identities, policy, clock, clock.getAsLong());
  }

  /** For commands while no server runs: nobody can come back, so nothing is waited for. */
  public static BootAdmission withoutServer(
      Registry registry, ImageStore store, Identities identities) {
    long now = monotonic();
    return new BootAdmission(
        registry,
        store,
        identities,
        new BootPolicy(false, false),
        BootAdmission::monotonic,
        now - BootLimits.RETURN.toMillis());
  }

  /** From now on older boots' sessions are closed by this target. */
  public void revokeThrough(Revocation target) {
    revocation = target;
  }

  /** From now on that one hears how boots get on. */
  public void tell(BootListener other) {
    listener.taken(other);
  }

  // ---- the target asks ----

  @Override
  public CompletionStage<Authentication> authentication(AuthenticationRequest request) {
    String target = request.targetName();
    if (target != null) {
      return CompletableFuture.completedFuture(parts.policy().chap().login(clientOf(target)));
    }
    return discovering(
        () ->
            parts.policy().chap().discovery(visible(request.initiatorName(), request.initiator())),
        Authentication.NOBODY);
  }

  @Override
  public CompletionStage<Decision> admit(LoginRequest request) {
    Optional<Registration> found = clientOf(request.targetName());
    if (found.isEmpty()) {
      return CompletableFuture.completedFuture(
          new Refused(
              LoginStatus.NOT_FOUND,
              "no client has the target " + BootParts.shown(request.targetName())));
    }
    Optional<ClientBoots> client = client(found.get().client().name());
    if (client.isEmpty()) {
      return CompletableFuture.completedFuture(
          new Refused(LoginStatus.TARGET_REMOVED, "the client was just removed"));
    }
    Optional<Refused> refused = refused(found.get(), request);
    if (refused.isPresent()) {
      client.get().turnedAway(request, refused.get().reason());
      return CompletableFuture.completedFuture(
          new Refused(
              refused.get().status(),
              "client %s: %s".formatted(found.get().client().name(), refused.get().reason())));
    }
    return client.get().login(request);
  }

  /**
   * One more connection of a session is no boot and needs no lease of its own. It is let in if a
   * login of the same initiator from the same address would be.
   */
  @Override
  public CompletionStage<Optional<Refused>> join(LoginRequest request, Lease lease) {
    Optional<Registration> found = clientOf(request.targetName());
    return CompletableFuture.completedFuture(
        found.isEmpty()
            ? Optional.of(
                new Refused(
                    LoginStatus.AUTHORIZATION_FAILURE,
                    "no client has the target " + BootParts.shown(request.targetName())))
            : refused(found.get(), request).or(() -> ofAnotherBoot(found.get(), request, lease)));
  }

  /** A session belongs to its boot, and so does each of its connections. */
  private Optional<Refused> ofAnotherBoot(Registration known, LoginRequest request, Lease lease) {
    OptionalLong proved = parts.policy().chap().bootOf(known, request.identity());
    return proved.isEmpty() || proved.getAsLong() == lease.generation()
        ? Optional.empty()
        : Optional.of(
            new Refused(
                LoginStatus.AUTHENTICATION_FAILURE,
                "it proves itself by the secret of another boot than its session's"));
  }

  /** What stands against a login: its proof first, then its name and address. */
  private Optional<Refused> refused(Registration known, LoginRequest request) {
    Optional<String> unproved = parts.policy().chap().refusal(known, request.identity());
    if (unproved.isPresent()) {
      return unproved.map(why -> new Refused(LoginStatus.AUTHENTICATION_FAILURE, why));
    }
    return refusal(known, request.initiatorName(), ClientBoots.address(request))
        .map(why -> new Refused(LoginStatus.AUTHORIZATION_FAILURE, why));
  }

  private Optional<Registration> clientOf(String target) {
    return parts.identities().clientOf(target).flatMap(parts.registry()::find);
  }

  /** The targets that this initiator could log in to by name, address and proof, and no other. */
  @Override
  public CompletionStage<List<String>> targets(DiscoveryRequest request) {
    return discovering(
        () ->
            visible(request.initiatorName(), request.initiator()).stream()
                .filter(known -> parts.policy().chap().shows(known, request.identity()))
                .map(known -> parts.identities().target(known.client().name()))
                .toList(),
        List.of());
  }

  /** Looks for a stranger, on a thread that may take its time and among a few at once. */
  private <T> CompletionStage<T> discovering(Supplier<T> search, T tooMany) {
    if (!discoveries.tryAcquire()) {
      log.debug("too many discovery sessions: one is told of no target");
      return CompletableFuture.completedFuture(tooMany);
    }
    try {
      return CompletableFuture.supplyAsync(search, threads)
          .whenComplete((found, failure) -> discoveries.release());
    } catch (RejectedExecutionException e) {
      discoveries.release();
      return CompletableFuture.completedFuture(tooMany);
    }
  }

  /** The clients whose targets are for an initiator of this name at this address. */
  private List<Registration> visible(String name, InetSocketAddress from) {
    return visibility()
        .toInitiator(name, BootParts.plain(from.getAddress()), BootLimits.DISCOVERED_TARGETS);
  }

  /** Who may hear of which disk. */
  public TargetVisibility visibility() {
    return new TargetVisibility(
        parts.registry(), parts.identities(), parts.policy().ownDhcp(), parts.policy().chap());
  }

  private Optional<String> refusal(Registration known, String initiator, InetAddress address) {
    return ClientAccess.refusal(
        known,
        parts.identities().initiator(known.client().name()),
        parts.policy().ownDhcp(),
        initiator,
        address);
  }

  // ---- others tell ----

  /**
   * A DHCPDISCOVER of a client came in. Anybody can send one; it costs little and wipes nothing.
   *
   * @param xid the number of its transaction
   * @param firmware whether boot firmware sent it, and no operating system
   */
  public void discovered(String client, int xid, boolean firmware) {
    try {
      client(new ClientName(client)).ifPresent(known -> known.discovered(xid, firmware));
    } catch (InvalidClientException e) {
      log.debug("a DISCOVER of no client: {}", e.getMessage());
    }
  }

  /**
   * Whether a machine of the client is at work at an address: it has sessions from there, or has
   * lost them not long ago and may come back. From any thread, and without waiting; sessions whose
   * machine is gone are asked meanwhile, and count no more at a later call.
   */
  public boolean isAtWork(ClientName client, InetAddress address) {
    return client(client).filter(known -> known.isAtWork(address)).isPresent();
  }

  /**
   * A client's boot script was fetched; anybody can do that, so it wipes nothing either.
   *
   * @param from by whom
   */
  public void scriptFetched(String client, InetAddress from) {
    try {
      client(new ClientName(client)).ifPresent(known -> known.scriptFetched(BootParts.plain(from)));
    } catch (InvalidClientException e) {
      log.debug("a script of no client: {}", e.getMessage());
    }
  }

  /**
   * By what a menu that is shown to this address now proves itself to {@link #choose}; empty where
   * there is no such client.
   */
  public Optional<String> menuToken(ClientName client, InetAddress address) {
    return client(client).map(known -> known.menuToken(BootParts.plain(address)));
  }

  /**
   * The next boot of the client from this address has the image.
   *
   * @param token as it came from the network
   * @param image likewise
   * @return completes when that holds; fails with {@link BootRefusedException} that says why it
   *     does not, and as {@link #boot}
   */
  public CompletionStage<Void> choose(
      ClientName client, InetAddress address, String token, String image) {
    return client(client)
        .map(known -> known.choose(BootParts.plain(address), token, image))
        .orElseGet(() -> CompletableFuture.failedFuture(Registry.unknown(client)));
  }

  /**
   * The client's next login begins a new boot.
   *
   * @param force whether to take the disk from a machine that lives, or may
   * @return completes when that is durable; fails with {@link BootRefusedException} naming the
   *     session that stands against it, or with {@link InvalidClientException} where there is no
   *     such client
   */
  public CompletionStage<Void> boot(ClientName client, boolean force) {
    return command(client, What.BOOT, force);
  }

  /** As {@link #boot}, and what the client wrote is dropped. */
  public CompletionStage<Void> reset(ClientName client, boolean force) {
    return command(client, What.RESET, force);
  }

  /** Takes the client out of the registry and drops what it wrote. Fails as {@link #boot}. */
  public CompletionStage<Void> remove(ClientName client, boolean force) {
    return command(client, What.REMOVE, force);
  }

  /**
   * Puts another overlay into the place of the client's; its next login goes on with that one as a
   * new boot. Fails as {@link #boot}.
   */
  public CompletionStage<Void> replace(ClientName client, Replacement replacement, boolean force) {
    return command(client, What.REPLACE, force, replacement);
  }

  private CompletionStage<Void> command(ClientName name, What what, boolean force) {
    return command(name, what, force, null);
  }

  private CompletionStage<Void> command(
      ClientName name, What what, boolean force, @Nullable Replacement replacement) {
    return client(name)
        .map(known -> known.command(what, force, replacement))
        .orElseGet(() -> CompletableFuture.failedFuture(Registry.unknown(name)));
  }

  /** What is known of a client's boot now; empty where there is no such client. */
  public Optional<ClientStatus> status(ClientName name) {
    return parts
        .registry()
        .find(name)
        .map(
            found -> {
              ClientBoots known = clients.get(name);
              return known != null
                  ? known.status()
                  : ClientStatus.of(BootState.restored(found.boot(), parts.startedAt()));
            });
  }

  /** What a client's boot has moved since the server started; empty where it had no disk. */
  public Optional<Traffic> traffic(ClientName name) {
    return Optional.ofNullable(clients.get(name)).flatMap(ClientBoots::traffic);
  }

  /**
   * A client's boots; empty where the registry has no such client. The registry is read under the
   * map's lock: boots made from an older reading could miss what others have made durable since.
   */
  private Optional<ClientBoots> client(ClientName name) {
    return Optional.ofNullable(
        clients.compute(
            name,
            (key, known) ->
                known != null
                    ? known
                    : parts
                        .registry()
                        .find(key)
                        .map(found -> new ClientBoots(found, parts))
                        .orElse(null)));
  }

  /** Tells a client's machine the time, as its alarm does: for tests. */
  void tick(ClientName name) {
    ClientBoots known = clients.get(name);
    if (known != null) {
      known.post(new BootEvent.Tick());
    }
  }

  /** Completes when what a client's mailbox holds now has run: for tests. */
  CompletionStage<Void> settled(ClientName name) {
    ClientBoots known = clients.get(name);
    return known == null ? CompletableFuture.completedFuture(null) : known.settled();
  }

  /** Closes all disks. The target must have been stopped before. */
  @Override
  public void close() {
    if (threads.isShutdown()) {
      return;
    }
    CompletableFuture<?>[] stopping =
        clients.values().stream()
            .map(client -> client.stop().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(stopping)
          .orTimeout(BootLimits.STOP.toMillis(), TimeUnit.MILLISECONDS)
          .join();
    } catch (CompletionException e) {
      log.warn("not all disks were closed in time: the store closes them");
    }
    alarms.shutdownNow();
    threads.shutdown();
    try {
      if (!threads.awaitTermination(BootLimits.STOP.toMillis(), TimeUnit.MILLISECONDS)) {
        log.warn("boots still wait for the store");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long monotonic() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }

  private static ThreadFactory named(String name) {
    return Thread.ofPlatform().daemon().name(name + "-", 0).factory();
  }
}
