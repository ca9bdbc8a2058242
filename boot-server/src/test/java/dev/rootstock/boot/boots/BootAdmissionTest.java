// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.ClientStatus.Stage;
import dev.rootstock.boot.boots.FakeTarget.FakeSession;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.images.store.Progress;
import dev.rootstock.target.Admission.Decision;
import dev.rootstock.target.Admission.DiscoveryRequest;
import dev.rootstock.target.Admission.Granted;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.Admission.Refused;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Admission with the real registry and the real store; only the target is made up. */
class BootAdmissionTest {
  private static final String X = "10.77.0.20";
  private static final String Y = "10.77.0.21";
  private static final long IPXE = 0x4000_2723_0001L;
  private static final long LINUX = 0x0002_3d00_0001L;
  private static final long TOOL = 0x8012_3456_0000L;
  private static final int BLOCK = 4096;
  private static final byte GOLD = 7;

  @TempDir Path folder;
  private final AtomicLong clock = new AtomicLong(1_000_000);
  private final FakeTarget target = new FakeTarget();
  private LocalImageStore store;
  private Registry registry;
  private Identities identities;
  private BootAdmission admission;

  @BeforeEach
  void open() throws Exception {
    Path raw = folder.resolve("golden.raw");
    byte[] bytes = new byte[1 << 20];
    Arrays.fill(bytes, GOLD);
    Files.write(raw, bytes);
    start(new BootPolicy(false, false));
    store.importImage(raw, "debian", null, Progress.NONE);
  }

  private void start(BootPolicy policy) throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    registry = Registry.open(folder.resolve("data"));
    identities = new Identities(registry.installation(), null);
    admission = BootAdmission.start(registry, store, identities, policy, clock::get);
    admission.revokeThrough(target);
  }

  @AfterEach
  void close() throws Exception {
    admission.close();
    registry.close();
    store.close();
  }

  private void restart(BootPolicy policy) throws Exception {
    close();
    start(policy);
  }

  private ClientName add(String name, Mode mode, String... initiators) throws Exception {
    ClientName client = new ClientName(name);
    get(
        registry.add(
            new Client(
                client,
                List.of(),
                null,
                Arrays.stream(initiators).map(InitiatorName::new).toList(),
                ImageReference.parse("debian"),
                mode,
                null,
                OptionalLong.empty())));
    return client;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private LoginRequest request(ClientName client, long isid, String from) {
    return new LoginRequest(
        identities.initiator(client).value(),
        identities.target(client),
        new Isid(isid),
        false,
        new InetSocketAddress(from, 40000),
        new InetSocketAddress("10.77.0.1", 3260),
        null);
  }

  private Decision login(ClientName client, long isid, String from) throws Exception {
    return get(admission.admit(request(client, isid, from)));
  }

  private FakeSession session(ClientName client, long isid, String from) throws Exception {
    FakeSession session = target.open(login(client, isid, from), request(client, isid, from));
    settle(client);
    return session;
  }

  private void end(FakeSession session, ClientName client) throws Exception {
    get(session.close("the test ends it"));
    settle(client);
  }

  /** Until what was put into the client's mailbox before has run. */
  private void settle(ClientName client) throws Exception {
    get(admission.settled(client));
  }

  /**
   * RFC 7143 §6.3.6: it shares its session's lease, and the rules of access hold for it as well.
   */
  @Test
  void aConnectionJoinsASessionWhereItsInitiatorMayLogIn() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT, "iqn.2001-04.com.example:host");
    LoginRequest own =
        new LoginRequest(
            "iqn.2001-04.com.example:host",
            identities.target(client),
            new Isid(LINUX),
            false,
            new InetSocketAddress(X, 40000),
            new InetSocketAddress("10.77.0.1", 3260),
            null);
    Granted granted = assertInstanceOf(Granted.class, get(admission.admit(own)));
    assertTrue(get(admission.join(own, granted.lease())).isEmpty());
    assertEquals(
        LoginStatus.AUTHORIZATION_FAILURE,
        get(admission.join(request(client, LINUX, X), granted.lease())).orElseThrow().status());
    granted.lease().ended("the test is over");
  }

  private Refused refused(ClientName client, long isid, String from) throws Exception {
    return assertInstanceOf(Refused.class, login(client, isid, from));
  }

  private static BlockDevice disk(FakeSession session) {
    return session.lease.units().getFirst().device();
  }

  private static byte read(BlockDevice disk) throws Exception {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    CompletableFuture<Void> done = new CompletableFuture<>();
    disk.read(0, block, failure -> complete(done, failure));
    get(done);
    return block.get(0);
  }

  private static void write(BlockDevice disk, byte value) throws Exception {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    for (int i = 0; i < BLOCK; i++) {
      block.put(i, value);
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    disk.write(0, new ByteBuffer[] {block}, Durability.CACHED, failure -> complete(done, failure));
    get(done);
  }

  private static void complete(CompletableFuture<Void> done, @Nullable BlockIoException failure) {
    if (failure == null) {
      done.complete(null);
    } else {
      done.completeExceptionally(failure);
    }
  }

  private ClientStatus status(ClientName client) {
    return admission.status(client).orElseThrow();
  }

  // ---- disks ----

  @Test
  void aNewClientReadsItsGoldenImage() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    FakeSession session = session(client, IPXE, X);
    assertEquals(GOLD, read(disk(session)));
    assertEquals(1, session.lease.generation());
    assertEquals(identities.naa(client, 0), session.lease.units().getFirst().naa());
    assertEquals(identities.serial(client, 0), session.lease.units().getFirst().serial());
  }

  @Test
  void anEphemeralClientForgetsAtItsNextBootAndNotAtAReconnect() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    end(session(client, IPXE, X), client);
    FakeSession linux = session(client, LINUX, X);
    write(disk(linux), (byte) 1);
    end(linux, client);
    admission.discovered("c1", 1, true);
    FakeSession again = session(client, LINUX, X);
    assertEquals(1, read(disk(again)));
    again.liveness = Liveness.DEAD;
    assertEquals(GOLD, read(disk(session(client, IPXE, X))));
  }

  @Test
  void aPersistentClientKeepsWhatItWroteOverBootsAndRestarts() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    end(session(client, IPXE, X), client);
    FakeSession linux = session(client, LINUX, X);
    write(disk(linux), (byte) 1);
    end(linux, client);
    restart(new BootPolicy(false, false));
    FakeSession next = session(client, IPXE, X);
    assertEquals(2, next.lease.generation());
    assertEquals(1, read(disk(next)));
  }

  @Test
  void aReadOnlyClientCannotWrite() throws Exception {
    ClientName client = add("c1", Mode.READ_ONLY);
    FakeSession session = session(client, LINUX, X);
    assertTrue(disk(session).geometry().readOnly());
    assertEquals(GOLD, read(disk(session)));
  }

  @Test
  void sessionsOfABootShareOneDisk() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    assertSame(disk(session(client, TOOL, X)), disk(session(client, TOOL + 1, X)));
  }

  @Test
  void theDiskIsClosedWhenIdleAndOpenedAgain() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    FakeSession session = session(client, TOOL, X);
    BlockDevice first = disk(session);
    write(first, (byte) 1);
    end(session, client);
    clock.addAndGet(BootLimits.IDLE.toMillis());
    admission.tick(client);
    settle(client);
    assertThrows(ExecutionException.class, () -> read(first));
    FakeSession later = session(client, TOOL, X);
    assertNotEquals(first, disk(later));
    assertEquals(1, read(disk(later)));
    assertEquals(1, later.lease.generation());
  }

  @Test
  void anOlderBootIsFencedInTheStore() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    restart(new BootPolicy(true, false));
    end(session(client, IPXE, X), client);
    BlockDevice old = disk(session(client, LINUX, X));
    FakeSession newcomer = session(client, IPXE, Y);
    assertEquals(2, newcomer.lease.generation());
    Throwable failure =
        assertThrows(ExecutionException.class, () -> write(old, (byte) 1)).getCause();
    assertEquals(
        BlockIoException.Kind.FENCED, assertInstanceOf(BlockIoException.class, failure).kind());
    assertEquals(GOLD, read(disk(newcomer)));
  }

  @Test
  void aLostOverlayIsRefusedUntilTheNextBoot() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    end(session(client, IPXE, X), client);
    FakeSession system = session(client, LINUX, X);
    write(disk(system), (byte) 1);
    end(system, client);
    restart(new BootPolicy(false, false));
    Files.delete(folder.resolve("data/clients/c1.qcow2"));
    Refused refused = refused(client, LINUX, X);
    assertEquals(LoginStatus.TARGET_ERROR, refused.status());
    assertEquals(Stage.LOST, status(client).stage());
    restart(new BootPolicy(false, false));
    assertTrue(refused(client, LINUX, X).reason().contains("lost, damaged or another one"));
    assertEquals(2, session(client, IPXE, X).lease.generation());
  }

  @Test
  void anOverlayThatNothingWasWrittenToIsMadeAgain() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    end(session(client, IPXE, X), client);
    restart(new BootPolicy(false, false));
    Files.delete(folder.resolve("data/clients/c1.qcow2"));
    FakeSession again = session(client, LINUX, X);
    assertEquals(1, again.lease.generation());
    assertEquals(GOLD, read(disk(again)));
  }

  @Test
  void whatWasFlushedIsRecordedBeforeItIsAcknowledged() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    FakeSession session = session(client, IPXE, X);
    assertFalse(inPlace(client));
    write(disk(session), (byte) 1);
    assertFalse(inPlace(client));
    flush(disk(session));
    assertTrue(inPlace(client));
  }

  private boolean inPlace(ClientName client) {
    return Objects.requireNonNull(registry.find(client).orElseThrow().boot())
        .has(BootRecord.Flag.OVERLAY_IN_PLACE);
  }

  private static void flush(BlockDevice disk) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    disk.flush(failure -> complete(done, failure));
    get(done);
  }

  @Test
  void aServerRestartDoesNotMakeANewBoot() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    end(session(client, IPXE, X), client);
    write(disk(session(client, LINUX, X)), (byte) 1);
    restart(new BootPolicy(false, false));
    FakeSession again = session(client, LINUX, X);
    assertEquals(1, again.lease.generation());
    assertEquals(1, read(disk(again)));
  }

  // ---- who ----

  @Test
  void aTargetThatIsNoClientsIsNotFound() throws Exception {
    assertEquals(LoginStatus.NOT_FOUND, refused(new ClientName("nobody"), IPXE, X).status());
  }

  @Test
  void aStrangerIsRefusedAndSeenInTheStatus() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT, "iqn.1993-08.org.debian:01:abc");
    assertEquals(LoginStatus.AUTHORIZATION_FAILURE, refused(client, LINUX, X).status());
    settle(client);
    ClientStatus.Refusal last = Objects.requireNonNull(status(client).refusal());
    assertTrue(last.reason().contains("none of its --initiator names"));
    assertEquals(X, last.address());
  }

  @Test
  void aTwinIsRefusedWithTheReasonWhileTheOtherRuns() throws Exception {
    ClientName client = add("c1", Mode.EPHEMERAL);
    end(session(client, IPXE, X), client);
    session(client, LINUX, X);
    Refused refused = refused(client, IPXE, Y);
    assertEquals(LoginStatus.SERVICE_UNAVAILABLE, refused.status());
    assertTrue(refused.reason().contains("session 2 from " + X + " answers"));
    assertEquals(Y, Objects.requireNonNull(status(client).refusal()).address());
    assertEquals(Stage.RUNNING, status(client).stage());
    assertEquals(1, status(client).sessions().size());
  }

  @Test
  void aDiscoverySessionSeesWhatItMayLogInToAndNoMore() throws Exception {
    String mine = "iqn.1993-08.org.debian:01:abc";
    add("mine", Mode.PERSISTENT, mine);
    add("other", Mode.PERSISTENT, "iqn.1993-08.org.debian:01:def");
    ClientName open = add("open", Mode.PERSISTENT);
    List<String> seen =
        get(
            admission.targets(
                new DiscoveryRequest(
                    mine,
                    new InetSocketAddress(X, 40000),
                    new InetSocketAddress("10.77.0.1", 3260),
                    null)));
    assertEquals(List.of(identities.target(new ClientName("mine")), identities.target(open)), seen);
  }

  @Test
  void aDiscoverySessionUnderTheNameWeGaveSeesThatClientsTarget() throws Exception {
    ClientName card = new ClientName("card");
    get(
        registry.add(
            new Client(
                card,
                List.of(MacAddress.parse("52:54:00:77:00:01")),
                null,
                List.of(),
                ImageReference.parse("debian"),
                Mode.PERSISTENT,
                null,
                OptionalLong.empty())));
    List<String> seen =
        get(
            admission.targets(
                new DiscoveryRequest(
                    identities.initiator(card).value(),
                    new InetSocketAddress(X, 40000),
                    new InetSocketAddress("10.77.0.1", 3260),
                    null)));
    assertEquals(List.of(identities.target(card)), seen);
  }

  @Test
  void aClientWhoseImageIsMissingIsRefusedWithThatReason() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    get(
        registry.update(
            client,
            known ->
                known.withClient(
                    new Client(
                        client,
                        List.of(),
                        null,
                        List.of(),
                        ImageReference.parse("absent"),
                        Mode.PERSISTENT,
                        null,
                        OptionalLong.empty()))));
    assertTrue(refused(client, LINUX, X).reason().contains("there is no image absent"));
    assertEquals(Stage.NEW, status(client).stage());
  }

  // ---- commands ----

  @Test
  void aCommandAgainstALivingSessionFailsAndNamesIt() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    session(client, LINUX, X);
    CompletionException failure =
        assertThrows(
            CompletionException.class,
            () -> admission.reset(client, false).toCompletableFuture().join());
    assertInstanceOf(BootRefusedException.class, failure.getCause());
    assertTrue(Objects.requireNonNull(failure.getMessage()).contains("session 1 from " + X));
  }

  @Test
  void aForcedResetDropsWhatWasWritten() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    write(disk(session(client, LINUX, X)), (byte) 1);
    get(admission.reset(client, true));
    assertEquals(0, store.overlayBytes("c1"));
    assertEquals(Stage.ENDED, status(client).stage());
    assertEquals(GOLD, read(disk(session(client, IPXE, X))));
  }

  @Test
  void aRemovedClientIsGoneAndItsNameCanBeUsedAgain() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    write(disk(session(client, TOOL, X)), (byte) 1);
    get(admission.remove(client, true));
    assertEquals(LoginStatus.NOT_FOUND, refused(client, TOOL, X).status());
    assertEquals(0, store.overlayBytes("c1"));
    add("c1", Mode.PERSISTENT);
    FakeSession fresh = session(client, TOOL, X);
    assertEquals(1, fresh.lease.generation());
    assertEquals(GOLD, read(disk(fresh)));
  }

  @Test
  void commandsWithoutAServerNeedNobodyToComeBack() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    session(client, LINUX, X);
    admission.close();
    try (BootAdmission offline = BootAdmission.withoutServer(registry, store, identities)) {
      get(offline.reset(client, false));
      assertEquals(0, store.overlayBytes("c1"));
    }
  }

  @Test
  void aCommandForNobodySaysSo() {
    CompletionException failure =
        assertThrows(
            CompletionException.class,
            () -> admission.boot(new ClientName("nobody"), false).toCompletableFuture().join());
    assertInstanceOf(InvalidClientException.class, failure.getCause());
  }

  // ---- many ----

  @Test
  void manyClientsBootAtOnce() throws Exception {
    List<ClientName> clients = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      clients.add(add("c" + i, Mode.EPHEMERAL));
    }
    List<CompletableFuture<Decision>> logins =
        clients.stream()
            .map(client -> admission.admit(request(client, IPXE, X)).toCompletableFuture())
            .toList();
    for (CompletableFuture<Decision> login : logins) {
      assertInstanceOf(Granted.class, get(login));
    }
  }

  @Test
  void aFloodOfLoginsIsAnsweredWithinItsBounds() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    List<CompletableFuture<Decision>> logins = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      admission.discovered("c1", i, true);
      logins.add(admission.admit(request(client, TOOL + i, X)).toCompletableFuture());
    }
    int granted = 0;
    for (CompletableFuture<Decision> login : logins) {
      granted += get(login) instanceof Granted ? 1 : 0;
    }
    assertTrue(granted > 0 && granted <= BootLimits.SESSIONS, () -> "granted too many");
    assertEquals(1, status(client).generation());
  }

  @Test
  void aStopLeavesNoDiskOpen() throws Exception {
    ClientName client = add("c1", Mode.PERSISTENT);
    BlockDevice disk = disk(session(client, TOOL, X));
    admission.close();
    assertThrows(ExecutionException.class, () -> read(disk));
  }
}
