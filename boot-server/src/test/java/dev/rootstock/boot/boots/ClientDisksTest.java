// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.ClientStatus.Stage;
import dev.rootstock.boot.boots.FakeTarget.FakeSession;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.FurtherDisk;
import dev.rootstock.boot.clients.FurtherDisk.Own;
import dev.rootstock.boot.clients.FurtherDisk.Seed;
import dev.rootstock.boot.clients.FurtherDisk.Shared;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.boot.seed.SeedContent;
import dev.rootstock.boot.seed.Seeds;
import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.images.store.Progress;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.Admission.Refused;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.TargetSession.Liveness;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What disks a boot has, with the real registry and the real store. */
class ClientDisksTest {
  private static final String X = "10.77.0.20";
  private static final long IPXE = 0x4000_2723_0001L;
  private static final long LINUX = 0x0002_3d00_0001L;
  private static final int BLOCK = 4096;

  @TempDir Path folder;
  private Path memory;
  private final AtomicLong clock = new AtomicLong(1_000_000);
  private final FakeTarget target = new FakeTarget();
  private LocalImageStore store;
  private Registry registry;
  private Identities identities;
  private BootAdmission admission;

  @BeforeEach
  void open() throws Exception {
    memory = Files.createTempDirectory(LocalImageStore.MEMORY, "rootstock-test-");
    start();
    Path raw = Files.write(folder.resolve("golden.raw"), new byte[1 << 20]);
    store.importImage(raw, "debian", null, Progress.NONE);
  }

  private void start() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"), memory);
    registry = Registry.open(folder.resolve("data"));
    identities = new Identities(registry.installation(), null);
    admission =
        BootAdmission.start(registry, store, identities, new BootPolicy(false, false), clock::get);
    admission.revokeThrough(target);
  }

  private void stop() throws Exception {
    admission.close();
    registry.close();
    store.close();
  }

  @AfterEach
  void close() throws Exception {
    stop();
    empty(memory);
    Files.delete(memory);
  }

  private static void empty(Path root) throws IOException {
    List<Path> inside;
    try (Stream<Path> tree = Files.walk(root)) {
      inside = tree.filter(path -> !path.equals(root)).sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : inside) {
      Files.delete(path);
    }
  }

  private ClientName add(Mode mode) throws Exception {
    ClientName name = new ClientName("c1");
    get(
        registry.add(
            new Client(
                name,
                List.of(),
                null,
                List.of(),
                ImageReference.parse("debian"),
                mode,
                null,
                OptionalLong.empty())));
    return name;
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private LoginRequest request(ClientName client, long isid) {
    return new LoginRequest(
        identities.initiator(client).value(),
        identities.target(client),
        new Isid(isid),
        false,
        new InetSocketAddress(X, 40000),
        new InetSocketAddress("10.77.0.1", 3260),
        null);
  }

  private FakeSession session(ClientName client, long isid) throws Exception {
    LoginRequest request = request(client, isid);
    FakeSession session = target.open(get(admission.admit(request)), request);
    get(admission.settled(client));
    return session;
  }

  private Refused refused(ClientName client, long isid) throws Exception {
    return assertInstanceOf(Refused.class, get(admission.admit(request(client, isid))));
  }

  private void end(FakeSession session, ClientName client) throws Exception {
    get(session.close("the test ends it"));
    get(admission.settled(client));
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

  private static void complete(CompletableFuture<Void> done, @Nullable Throwable failure) {
    if (failure == null) {
      done.complete(null);
    } else {
      done.completeExceptionally(failure);
    }
  }

  // ---- mode memory

  @Test
  void aDiskInMemoryIsForgottenAtTheNextBootAndNotAtAReconnect() throws Exception {
    ClientName client = add(Mode.MEMORY);
    end(session(client, IPXE), client);
    FakeSession linux = session(client, LINUX);
    write(disk(linux), (byte) 1);
    end(linux, client);
    FakeSession again = session(client, LINUX);
    assertEquals(1, read(disk(again)));
    end(again, client);
    assertEquals(0, read(disk(session(client, IPXE))));
  }

  @Test
  void aServerRestartKeepsADiskInMemory() throws Exception {
    ClientName client = add(Mode.MEMORY);
    end(session(client, IPXE), client);
    write(disk(session(client, LINUX)), (byte) 1);
    stop();
    start();
    FakeSession again = session(client, LINUX);
    assertEquals(1, again.lease.generation());
    assertEquals(1, read(disk(again)));
  }

  @Test
  void afterAPowerLossADiskInMemoryIsRefusedUntilTheNextBoot() throws Exception {
    ClientName client = add(Mode.MEMORY);
    end(session(client, IPXE), client);
    write(disk(session(client, LINUX)), (byte) 1);
    stop();
    empty(memory);
    start();
    assertTrue(refused(client, LINUX).reason().contains("lost"));
    assertEquals(Stage.LOST, admission.status(client).orElseThrow().stage());
    FakeSession next = session(client, IPXE);
    assertEquals(2, next.lease.generation());
    assertEquals(0, read(disk(next)));
  }

  @Test
  void withoutFirmwareNothingMarksTheBootsOfAClientInMemory() throws Exception {
    ClientName client = add(Mode.MEMORY);
    assertTrue(refused(client, LINUX).reason().contains("whose mode is memory"));
  }

  @Test
  void aMemoryThatCannotBeUsedRefusesTheBootAndSaysWhy() throws Exception {
    ClientName client = add(Mode.MEMORY);
    Files.delete(memory);
    assertTrue(refused(client, IPXE).reason().contains("it is not there"));
    Files.createDirectory(memory);
    end(session(client, IPXE), client);
  }

  @Test
  void aClientThatBecomesPersistentLeavesMemory() throws Exception {
    ClientName client = add(Mode.MEMORY);
    end(session(client, IPXE), client);
    get(registry.update(client, now -> now.withClient(now.client().withMode(Mode.PERSISTENT))));
    admission.discovered(client.value(), 7, true);
    end(session(client, IPXE), client);
    assertTrue(Files.exists(folder.resolve("data/clients/c1.qcow2")));
    try (Stream<Path> left = Files.walk(memory)) {
      assertEquals(List.of(), left.filter(path -> path.toString().endsWith(".qcow2")).toList());
    }
  }

  // ---- further disks

  private ClientName add(Mode mode, FurtherDisk... disks) throws Exception {
    ClientName client = add(mode);
    for (FurtherDisk disk : disks) {
      if (disk instanceof Own own) {
        store.dataDisks().create(client.value(), new OverlayId(own.id()), own.sizeBytes());
      }
    }
    get(registry.update(client, now -> now.withClient(now.client().withDisks(List.of(disks)))));
    return client;
  }

  private static LogicalUnit unit(FakeSession session, int lun) {
    return session.lease.units().stream()
        .filter(unit -> unit.lun() == lun)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aDiskOfItsOwnStaysOverBootsThatForgetTheFirst() throws Exception {
    ClientName client = add(Mode.EPHEMERAL, new Own(1, UUID.randomUUID(), 1 << 20));
    end(session(client, IPXE), client);
    FakeSession linux = session(client, LINUX);
    write(disk(linux), (byte) 1);
    write(unit(linux, 1).device(), (byte) 2);
    end(linux, client);
    FakeSession next = session(client, IPXE);
    assertEquals(2, next.lease.generation());
    assertEquals(0, read(disk(next)));
    assertEquals(2, read(unit(next, 1).device()));
  }

  @Test
  void aDiskOfItsOwnIsFencedWithTheFirst() throws Exception {
    ClientName client = add(Mode.EPHEMERAL, new Own(1, UUID.randomUUID(), 1 << 20));
    end(session(client, IPXE), client);
    FakeSession linux = session(client, LINUX);
    BlockDevice own = unit(linux, 1).device();
    linux.liveness = Liveness.DEAD;
    session(client, IPXE);
    assertThrows(ExecutionException.class, () -> write(own, (byte) 2));
  }

  @Test
  void everyDiskIsAtItsLunWithIdentifiersOfItsOwn() throws Exception {
    ClientName client =
        add(
            Mode.PERSISTENT,
            new Own(2, UUID.randomUUID(), 1 << 20),
            new Shared(5, ImageReference.parse("debian@1")),
            new Seed(7));
    List<LogicalUnit> units = session(client, IPXE).lease.units();
    assertEquals(List.of(0, 2, 5, 7), units.stream().map(LogicalUnit::lun).toList());
    assertEquals(4, units.stream().map(LogicalUnit::naa).distinct().count());
    assertEquals(4, units.stream().map(LogicalUnit::serial).distinct().count());
    assertEquals(
        List.of(false, false, true, true),
        units.stream().map(unit -> unit.device().geometry().readOnly()).toList());
    for (LogicalUnit unit : units) {
      assertEquals(identities.naa(client, unit.lun()), unit.naa());
    }
  }

  @Test
  void aLostDiskOfItsOwnIsLeftOutAndTheOthersStay() throws Exception {
    ClientName client =
        add(
            Mode.PERSISTENT,
            new Own(1, UUID.randomUUID(), 1 << 20),
            new Shared(2, ImageReference.parse("debian@1")));
    empty(folder.resolve("data/clients/disks"));
    List<LogicalUnit> units = session(client, IPXE).lease.units();
    assertEquals(List.of(0, 2), units.stream().map(LogicalUnit::lun).toList());
    List<ClientStatus.MissingDisk> missing = admission.status(client).orElseThrow().missing();
    assertEquals(1, missing.getFirst().lun());
    assertTrue(missing.getFirst().reason().contains("is lost"), missing.toString());
    assertEquals(1, missing.size());
  }

  private String seed(FakeSession session) throws Exception {
    BlockDevice device = unit(session, 1).device();
    ByteBuffer all = ByteBuffer.allocate((int) device.geometry().sizeBytes());
    CompletableFuture<Void> done = new CompletableFuture<>();
    device.read(0, all, failure -> complete(done, failure));
    get(done);
    return new String(all.array(), StandardCharsets.ISO_8859_1);
  }

  private static String instance(String seed) {
    Matcher matcher = Pattern.compile("instance-id: \"([^\"]*)\"").matcher(seed);
    assertTrue(matcher.find());
    return matcher.group(1);
  }

  @Test
  void theSeedDiskOfAPersistentMachineNamesOneInstance() throws Exception {
    ClientName client = add(Mode.PERSISTENT, new Seed(1));
    FakeSession first = session(client, IPXE);
    String seed = seed(first);
    assertTrue(seed.contains("local-hostname: \"c1\""));
    end(first, client);
    admission.discovered("c1", 9, true);
    FakeSession second = session(client, IPXE);
    assertEquals(2, second.lease.generation());
    assertEquals(seed, seed(second));
    end(second, client);
    get(admission.reset(client, true));
    assertNotEquals(instance(seed), instance(seed(session(client, IPXE))));
  }

  @Test
  void theSeedDiskOfAMachineThatForgetsNamesAnInstanceOfEachBoot() throws Exception {
    for (Mode mode : List.of(Mode.EPHEMERAL, Mode.READ_ONLY)) {
      ClientName client = add(mode, new Seed(1));
      FakeSession first = session(client, IPXE);
      String instance = instance(seed(first));
      end(first, client);
      admission.discovered("c1", 9, true);
      FakeSession second = session(client, IPXE);
      assertEquals(2, second.lease.generation());
      assertNotEquals(instance, instance(seed(second)));
      end(second, client);
      get(admission.remove(client, true));
    }
  }

  @Test
  void theSeedHoldsWhatTheAdministratorSaid() throws Exception {
    ClientName client = add(Mode.PERSISTENT, new Seed(1));
    String text =
        Base64.getEncoder().encodeToString("#!/bin/sh\n".getBytes(StandardCharsets.US_ASCII));
    new Seeds(registry.folder()).put(client, new SeedContent(Map.of("user-data", text), List.of()));
    assertTrue(seed(session(client, IPXE)).contains("#!/bin/sh\n"));
  }

  @Test
  void aRemovedClientLeavesNoDiskAndNoSeed() throws Exception {
    ClientName client = add(Mode.PERSISTENT, new Own(2, UUID.randomUUID(), 1 << 20), new Seed(1));
    new Seeds(registry.folder()).put(client, new SeedContent(Map.of(), List.of()));
    end(session(client, IPXE), client);
    get(admission.remove(client, true));
    assertEquals(List.of(), store.dataDisks().all());
    assertEquals(Optional.empty(), new Seeds(registry.folder()).find(client));
  }
}
