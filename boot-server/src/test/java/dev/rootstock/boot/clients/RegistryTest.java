// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.Limits;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryTest {
  @TempDir Path data;

  private static final MacAddress MAC = MacAddress.parse("52:54:00:77:00:01");
  private static final UUID MACHINE = UUID.fromString("11111111-2222-4333-8444-555555555555");
  private static final InitiatorName NAME = new InitiatorName("iqn.2000-01.com.example:alpha");

  @Test
  void everythingIsThereAfterARestart() throws Exception {
    UUID installation;
    try (Registry registry = Registry.open(data)) {
      installation = registry.installation();
      done(registry.add(client("alpha", MAC, MACHINE, NAME, address("10.0.0.7"))));
      done(registry.add(client("beta", null, null, null, null)));
      done(registry.update(name("beta"), now -> now.withLease(address("10.0.0.8"))));
      done(registry.add(client("gamma", null, null, null, null)));
      done(registry.remove(name("gamma")));
    }
    try (Registry registry = Registry.open(data)) {
      assertEquals(installation, registry.installation());
      assertEquals(
          List.of("alpha", "beta"),
          registry.all().stream().map(r -> r.client().name().value()).toList());
      assertEquals(
          client("alpha", MAC, MACHINE, NAME, address("10.0.0.7")),
          registry.find(name("alpha")).orElseThrow().client());
      assertEquals(address("10.0.0.8"), registry.find(name("beta")).orElseThrow().lease());
    }
  }

  @Test
  void aChangeThatMayWaitIsMadeThoughTheQueueIsFull() throws Exception {
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", MAC, MACHINE, NAME, address("10.0.0.7"))));
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      CompletionStage<?> slow =
          registry.update(
              name("alpha"),
              now -> {
                begun.countDown();
                awaitUninterruptibly(goOn);
                return now;
              });
      // Not in the queue any more: else it would make room when it leaves.
      awaitUninterruptibly(begun);
      CompletionStage<?> last = slow;
      for (int i = 0; i <= Limits.REGISTRY_QUEUE + 1; i++) {
        last = registry.update(name("nobody"), now -> now);
      }
      assertTrue(refusal(last).contains("too many"));
      CompletableFuture<Registration> waiting = new CompletableFuture<>();
      Thread waiter =
          Thread.ofPlatform()
              .daemon()
              .start(
                  () ->
                      registry
                          .updateWaiting(name("alpha"), now -> now.withLease(address("10.0.0.8")))
                          .whenComplete(
                              (known, failure) -> {
                                if (failure == null) {
                                  waiting.complete(known);
                                } else {
                                  waiting.completeExceptionally(failure);
                                }
                              }));
      while (!waiting.isDone() && waiter.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      goOn.countDown();
      assertEquals(address("10.0.0.8"), waiting.get(60, TimeUnit.SECONDS).lease());
      done(slow);
    }
  }

  @Test
  void aChangeThatMayWaitIsRefusedByAClosedRegistry() throws Exception {
    Registry registry = Registry.open(data);
    registry.close();
    assertTrue(refusal(registry.updateWaiting(name("alpha"), now -> now)).contains("closed"));
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      assertTrue(latch.await(60, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatUnitsRememberIsThereAfterARestartUntilItIsForgotten() throws Exception {
    UnitBytes bytes = UnitBytes.of(new byte[] {1, 2, -1});
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", MAC, MACHINE, NAME, address("10.0.0.7"))));
      done(registry.update(name("alpha"), now -> now.withUnit(0, bytes)));
      done(registry.update(name("alpha"), now -> now.withUnit(3, bytes)));
      done(registry.update(name("alpha"), now -> now.withUnit(3, UnitBytes.NONE)));
      done(registry.update(name("alpha"), now -> now.withLease(address("10.0.0.8"))));
    }
    try (Registry registry = Registry.open(data)) {
      Registration alpha = registry.find(name("alpha")).orElseThrow();
      assertEquals(Map.of(0, bytes), alpha.units());
      assertArrayEquals(new byte[] {1, 2, -1}, bytes.bytes());
    }
  }

  /** Who says nothing of it, as every entry of an older version, has it off. */
  @Test
  void whetherAMachineInstallsIsThereAfterARestart() throws Exception {
    Group lab =
        new Group(
            new GroupName("lab"),
            Settings.NONE.withImage(ImageReference.parse("debian")).withInstall(true));
    try (Registry registry = Registry.open(data)) {
      done(registry.add(lab));
      Client alpha = client("alpha", null, null, null, null);
      done(registry.add(alpha.withOwn(alpha.own().withInstall(true))));
      done(registry.add(client("beta", null, null, null, null)));
      Client gamma = client("gamma", null, null, null, null).withGroup(lab);
      done(registry.add(gamma));
      done(
          registry.add(
              new Client(
                  name("delta"),
                  ClientKeys.NONE,
                  Settings.NONE.withInstall(false),
                  lab,
                  null,
                  List.of())));
    }
    try (Registry registry = Registry.open(data)) {
      assertEquals(Optional.of(lab), registry.group(lab.name()));
      assertEquals(
          List.of("alpha=true", "beta=false", "delta=false", "gamma=true"),
          registry.all().stream()
              .map(r -> r.client().name() + "=" + r.client().install())
              .toList());
    }
  }

  @Test
  void furtherDisksKeepTheirLunsOverARestart() throws Exception {
    List<FurtherDisk> disks =
        List.of(
            new FurtherDisk.Shared(1, ImageReference.parse("tools@3")),
            new FurtherDisk.Seed(4),
            new FurtherDisk.Own(7, MACHINE, 1 << 20));
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", MAC, null, null, null).withDisks(disks)));
    }
    try (Registry registry = Registry.open(data)) {
      assertEquals(disks, registry.find(name("alpha")).orElseThrow().client().disks());
      assertEquals(List.of(0, 1, 4, 7), registry.find(name("alpha")).orElseThrow().client().luns());
    }
  }

  @Test
  void disksThatAnOlderVersionWroteByNameOnlyAreAtTheLunsTheyHad() throws Exception {
    byte[] record =
        RegistryCodec.changes(
            List.of(
                new RegistryCodec.Change.Put(
                    new Registration(
                        client("alpha", null, null, null, null)
                            .withDisks(
                                List.of(
                                    new FurtherDisk.Shared(
                                        1, ImageReference.parse("tools@3"))))))));
    String older =
        new String(record, StandardCharsets.UTF_8)
            .replace("[{\"lun\":1,\"image\":\"tools@3\"}]", "[\"tools@3\",\"docs@1\"]");
    List<RegistryCodec.Change> read = new ArrayList<>();
    RegistryCodec.readChanges(
        older.getBytes(StandardCharsets.UTF_8), _ -> Optional.empty(), read::add);
    assertEquals(
        List.of(
            new FurtherDisk.Shared(1, ImageReference.parse("tools@3")),
            new FurtherDisk.Shared(2, ImageReference.parse("docs@1"))),
        ((RegistryCodec.Change.Put) read.getFirst()).registration().client().disks());
  }

  @Test
  void clientsAreFoundByEachOfTheirKeys() throws Exception {
    try (Registry registry = Registry.open(data)) {
      Registration alpha =
          done(registry.add(client("alpha", MAC, MACHINE, NAME, address("10.0.0.7"))));
      assertEquals(Optional.of(alpha), registry.byMac(MAC));
      assertEquals(Optional.of(alpha), registry.byUuid(MACHINE));
      assertEquals(Optional.of(alpha), registry.byInitiator(NAME));
      assertEquals(Optional.of(alpha), registry.byAddress(address("10.0.0.7")));
      done(registry.remove(name("alpha")));
      assertEquals(Optional.empty(), registry.byMac(MAC));
      assertEquals(Optional.empty(), registry.byUuid(MACHINE));
      assertEquals(Optional.empty(), registry.byInitiator(NAME));
      assertEquals(Optional.empty(), registry.byAddress(address("10.0.0.7")));
    }
  }

  @Test
  void aKeyOfAnotherClientIsRefusedNamingThatClient() throws Exception {
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", MAC, MACHINE, NAME, address("10.0.0.7"))));
      done(registry.add(client("beta", null, null, null, null)));
      done(registry.update(name("beta"), now -> now.withLease(address("10.0.0.8"))));
      long length = Files.size(data.resolve(Registry.FILE));
      for (Client twin :
          List.of(
              client("twin", MAC, null, null, null),
              client("twin", null, MACHINE, null, null),
              client("twin", null, null, NAME, null),
              client("twin", null, null, null, address("10.0.0.7")))) {
        assertTrue(
            refusal(registry.add(twin))
                .endsWith("belongs to client 'alpha' already: take it from there first"));
      }
      assertTrue(
          refusal(registry.add(client("twin", null, null, null, address("10.0.0.8"))))
              .contains("address 10.0.0.8 belongs to client 'beta'"));
      assertTrue(
          refusal(registry.add(client("alpha", null, null, null, null))).contains("already"));
      assertEquals(2, registry.size());
      assertEquals(length, Files.size(data.resolve(Registry.FILE)));
    }
  }

  @Test
  void secretsAreThereAfterARestartAndACompaction() throws Exception {
    Chap both = chap("alpha", "secret-of-alpha", "secret-towards-alpha", true);
    Chap one = chap("b", "secret-of-beta", null, false);
    try (Registry registry = Registry.open(data, 0)) {
      done(registry.add(client("alpha", null, null, null, null)));
      done(registry.add(client("beta", null, null, null, null)));
      done(registry.update(name("alpha"), now -> now.withChap(both)));
      done(registry.update(name("beta"), now -> now.withChap(one)));
      for (int i = 1; i < 200; i++) {
        Inet4Address lease = address("10.0.1." + i);
        done(registry.update(name("alpha"), now -> now.withLease(lease)));
      }
    }
    try (Registry registry = Registry.open(data)) {
      assertEquals(both, registry.find(name("alpha")).orElseThrow().chap());
      assertEquals(one, registry.find(name("beta")).orElseThrow().chap());
      assertEquals(registry.find(name("beta")), registry.byChapName("b"));
      done(registry.update(name("beta"), now -> now.withChap(null)));
      assertEquals(Optional.empty(), registry.byChapName("b"));
    }
  }

  /** RFC 7143 §9.2.1: one secret, one peer, one direction. */
  @Test
  void aSecretOfAnotherClientIsRefusedWithoutShowingIt() throws Exception {
    Chap first = chap("alpha", "secret-of-alpha", "secret-towards-alpha", false);
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", null, null, null, null)));
      done(registry.add(client("beta", null, null, null, null)));
      done(registry.update(name("alpha"), now -> now.withChap(first)));
      for (Chap twin :
          List.of(
              chap("beta", "secret-of-alpha", null, false),
              chap("beta", "secret-towards-alpha", null, false),
              chap("beta", "secret-of-beta", "secret-of-alpha", false))) {
        String refusal = refusal(registry.update(name("beta"), now -> now.withChap(twin)));
        assertTrue(refusal.contains("belongs to client 'alpha' already"), refusal);
        assertTrue(!refusal.contains("alpha-"), refusal);
        assertTrue(!refusal.contains("secret-"), refusal);
      }
      Chap name = chap("alpha", "secret-of-beta", null, false);
      assertTrue(
          refusal(registry.update(name("beta"), now -> now.withChap(name)))
              .startsWith("CHAP name alpha belongs to client 'alpha'"));
    }
  }

  /** It holds secrets. */
  @Test
  void onlyTheOwnerMayReadTheFile() throws Exception {
    Path file = data.resolve(Registry.FILE);
    try (Registry registry = Registry.open(data, 0)) {
      assertEquals("rw-------", mode(file));
      done(registry.add(client("alpha", null, null, null, null)));
      for (int i = 1; i < 200; i++) {
        Inet4Address lease = address("10.0.1." + i);
        done(registry.update(name("alpha"), now -> now.withLease(lease)));
      }
      assertEquals("rw-------", mode(file));
    }
    // As an older Rootstock left it.
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    Registry.open(data).close();
    assertEquals("rw-------", mode(file));
  }

  private static String mode(Path file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  private static Chap chap(String user, String secret, @Nullable String target, boolean handOut) {
    return new Chap(
        new Chap.Pair(user, new Secret(secret)),
        target == null ? null : new Chap.Pair(Chap.TARGET_USER, new Secret(target)),
        handOut);
  }

  @Test
  void openClientsAreListedByNameUpToABound() throws Exception {
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("gamma", null, null, null, null)));
      done(registry.add(client("beta", null, null, null, null)));
      done(registry.add(client("alpha", MAC, null, null, null)));
      assertEquals(
          List.of("beta", "gamma"),
          registry.open(9).stream().map(r -> r.client().name().value()).toList());
      assertEquals(1, registry.open(1).size());
      done(registry.remove(name("beta")));
      assertEquals(List.of(registry.find(name("gamma")).orElseThrow()), registry.open(9));
    }
  }

  @Test
  void anErrorInAChangeFailsThatChangeAndNoOther() throws Exception {
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", null, null, null, null)));
      CompletableFuture<Registration> failed =
          registry
              .update(
                  name("alpha"),
                  now -> {
                    throw new StackOverflowError("of a test");
                  })
              .toCompletableFuture();
      assertThrows(CompletionException.class, failed::join);
      done(registry.add(client("beta", null, null, null, null)));
    }
  }

  @Test
  void anUnknownClientIsNeitherChangedNorRemoved() throws Exception {
    try (Registry registry = Registry.open(data)) {
      assertTrue(refusal(registry.remove(name("ghost"))).contains("'ghost'"));
      assertTrue(refusal(registry.update(name("ghost"), now -> now)).contains("'ghost'"));
    }
  }

  @Test
  void ofManyAtOnceExactlyOneGetsTheKey() throws Exception {
    List<CompletableFuture<Registration>> answers = new ArrayList<>();
    try (Registry registry = Registry.open(data)) {
      for (int i = 0; i < 200; i++) {
        answers.add(registry.add(client("c" + i, MAC, null, null, null)).toCompletableFuture());
      }
    }
    assertEquals(1, answers.stream().filter(RegistryTest::succeeds).count());
    try (Registry registry = Registry.open(data)) {
      assertEquals(1, registry.size());
    }
  }

  @Test
  void closingCompletesWhatWaitsAndRefusesTheRest() throws Exception {
    List<CompletableFuture<Registration>> answers = new ArrayList<>();
    Registry registry = Registry.open(data);
    for (int i = 0; i < 500; i++) {
      answers.add(registry.add(client("c" + i, null, null, null, null)).toCompletableFuture());
    }
    registry.close();
    CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0])).join();
    assertTrue(refusal(registry.add(client("late", null, null, null, null))).contains("closed"));
    try (Registry again = Registry.open(data)) {
      assertEquals(500, again.size());
    }
  }

  /** A crash while the last record was written: it was never acknowledged, the others were. */
  @Test
  void aRecordTornAtAnyByteIsDroppedAndTheOthersStay() throws Exception {
    byte[] whole = threeClients();
    int last = offsetOfLastRecord(whole);
    for (int length = last; length < whole.length; length++) {
      Files.write(file(), Arrays.copyOf(whole, length));
      try (Registry registry = Registry.open(data)) {
        assertEquals(2, registry.size(), "cut at byte " + length);
        done(registry.add(client("delta", null, null, null, null)));
      }
      try (Registry registry = Registry.open(data)) {
        assertEquals(3, registry.size(), "after a cut at byte " + length);
      }
    }
  }

  /** Power loss may leave zeros where the last record should be. */
  @Test
  void aLastRecordOfZerosIsDropped() throws Exception {
    byte[] whole = threeClients();
    Arrays.fill(whole, offsetOfLastRecord(whole), whole.length, (byte) 0);
    Files.write(file(), whole);
    try (Registry registry = Registry.open(data)) {
      assertEquals(2, registry.size());
    }
  }

  @Test
  void aFlippedBitBeforeTheLastRecordIsAnErrorThatNamesFileAndOffset() throws Exception {
    byte[] whole = threeClients();
    int last = offsetOfLastRecord(whole);
    Random random = new Random(17);
    for (int at = 0; at < last; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file(), damaged);
      int offset = at;
      String message =
          assertThrows(
                  RegistryException.class,
                  () -> Registry.open(data).close(),
                  () -> "flipped at byte " + offset)
              .getMessage();
      assertTrue(
          Objects.requireNonNull(message).contains(file().toString())
              && message.contains("record at byte " + offsetOfRecord(whole, at)),
          message);
      assertArrayEquals(damaged, Files.readAllBytes(file()), "the evidence must stay");
    }
  }

  /** What a bit in the last record did to it nobody can tell from a torn write. */
  @Test
  void aFlippedBitInTheLastRecordNeverShowsAWrongClient() throws Exception {
    byte[] whole = threeClients();
    int last = offsetOfLastRecord(whole);
    for (int at = last; at < whole.length; at++) {
      byte[] damaged = whole.clone();
      damaged[at] ^= 4;
      Files.write(file(), damaged);
      try (Registry registry = Registry.open(data)) {
        assertEquals(Optional.empty(), registry.find(name("gamma")), "flipped at byte " + at);
        assertEquals(2, registry.size());
      } catch (RegistryException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("record at byte " + last));
      }
    }
  }

  @Test
  void anEmptyFileIsDamage() throws Exception {
    Files.write(file(), new byte[0]);
    assertThrows(RegistryException.class, () -> Registry.open(data).close());
  }

  @Test
  void aNewerFormatIsRefusedWithItsNumber() throws Exception {
    RegistryLog.create(
        file(),
        "{\"rootstock\":\"registry\",\"format\":2,\"installation\":\"later\"}"
            .getBytes(StandardCharsets.UTF_8));
    byte[] before = Files.readAllBytes(file());
    String message =
        assertThrows(RegistryException.class, () -> Registry.open(data).close()).getMessage();
    assertTrue(String.valueOf(message).contains("registry format 2"), message);
    assertArrayEquals(before, Files.readAllBytes(file()));
  }

  @Test
  void aFieldThatThisVersionDoesNotKnowIsNotPassedOver() throws Exception {
    try (Registry registry = Registry.open(data)) {
      assertEquals(0, registry.size());
    }
    try (RegistryLog log = RegistryLog.open(file(), content -> {})) {
      log.append(
          "[{\"put\":{\"name\":\"a\",\"macs\":[],\"initiators\":[],\"image\":\"i\",\"mode\":\"persistent\",\"colour\":1}}]"
              .getBytes(StandardCharsets.UTF_8));
    }
    String message =
        assertThrows(RegistryException.class, () -> Registry.open(data).close()).getMessage();
    assertTrue(String.valueOf(message).contains("'colour'"), message);
  }

  /** Format 1 as it was released: a Rootstock of any later day must read it. */
  @Test
  void formatOneIsReadAsItWasWritten() throws Exception {
    Files.write(file(), golden());
    try (Registry registry = Registry.open(data)) {
      assertEquals(
          UUID.fromString("0f3c9a52-7d1e-4b86-9c2f-5a6e8d7b1c04"), registry.installation());
      assertEquals(2, registry.size());
      Registration alpha = registry.find(name("alpha")).orElseThrow();
      assertEquals(Mode.EPHEMERAL, alpha.client().mode());
      assertEquals(OptionalLong.of(10L << 30), alpha.client().sizeBytes());
      BootRecord boot = Objects.requireNonNull(alpha.boot());
      assertEquals(7, boot.generation());
      assertEquals(ImageReference.of("debian", 3), boot.image());
      assertEquals(2, boot.displaced().size());
      assertTrue(boot.has(BootRecord.Flag.OVERLAY_IN_PLACE));
      assertEquals(address("10.77.0.101"), registry.find(name("beta")).orElseThrow().lease());
    }
  }

  @Test
  void formatOneIsWrittenByteForByte() throws Exception {
    byte[] golden = golden();
    Path copy = data.resolve("copy");
    List<byte[]> records = new ArrayList<>();
    Files.write(copy, golden);
    RegistryLog.open(copy, records::add).close();
    UUID installation = RegistryCodec.readHeader(records.getFirst(), "copy");
    RegistryLog.create(file(), RegistryCodec.header(installation));
    try (RegistryLog log = RegistryLog.open(file(), content -> {})) {
      for (byte[] record : records.subList(1, records.size())) {
        List<RegistryCodec.Change> changes = new ArrayList<>();
        RegistryCodec.readChanges(record, name -> Optional.empty(), changes::add);
        log.append(RegistryCodec.changes(changes));
      }
    }
    assertEquals(
        new String(golden, StandardCharsets.UTF_8),
        Files.readString(file(), StandardCharsets.UTF_8));
  }

  @Test
  void aFileThatHasGrownIsCompactedAndKeepsEverything() throws Exception {
    long slack = 4096;
    long most = 0;
    UUID installation;
    try (Registry registry = Registry.open(data, slack)) {
      installation = registry.installation();
      done(registry.add(client("idle", MAC, MACHINE, NAME, address("10.0.0.7"))));
      done(registry.add(client("busy", null, null, null, null)));
      for (int i = 1; i <= 250; i++) {
        Inet4Address lease = address("10.1.0." + i);
        done(registry.update(name("busy"), now -> now.withLease(lease)));
        most = Math.max(most, Files.size(file()));
      }
    }
    // Uncompacted it would be 250 records of more than 100 bytes.
    assertTrue(most < 4 * slack, "grew to " + most);
    try (Registry registry = Registry.open(data)) {
      assertEquals(installation, registry.installation());
      assertEquals(2, registry.size());
      assertEquals("idle", registry.byMac(MAC).orElseThrow().client().name().value());
      assertEquals(address("10.1.0.250"), registry.find(name("busy")).orElseThrow().lease());
    }
  }

  /** A crash before the rename leaves the old file whole and a new one beside it. */
  @Test
  void aLeftoverOfAnInterruptedCompactionIsSweptAway() throws Exception {
    threeClients();
    Path leftover = data.resolve(Registry.FILE + ".new");
    Files.writeString(leftover, "half a registry");
    try (Registry registry = Registry.open(data)) {
      assertEquals(3, registry.size());
    }
    assertTrue(Files.notExists(leftover));
  }

  @Test
  void tenThousandClientsAreLoaded() throws Exception {
    try (Registry registry = Registry.open(data)) {
      List<CompletableFuture<Registration>> answers = new ArrayList<>();
      for (int i = 0; i < 10_000; i++) {
        answers.add(
            registry
                .add(client("c" + i, new MacAddress(0x525400000000L + i), null, null, null))
                .toCompletableFuture());
        if (answers.size() == 1000) {
          CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0])).join();
          answers.clear();
        }
      }
    }
    try (Registry registry = Registry.open(data)) {
      assertEquals(10_000, registry.size());
      assertEquals(
          "c9999",
          registry
              .byMac(new MacAddress(0x525400000000L + 9999))
              .orElseThrow()
              .client()
              .name()
              .value());
    }
  }

  /** Seeded random changes against a plain map, with restarts and torn tails between them. */
  @Test
  void randomChangesEqualAModel() throws Exception {
    Random random = new Random(20261120);
    TreeMap<String, Client> model = new TreeMap<>();
    for (int round = 0; round < 20; round++) {
      try (Registry registry = Registry.open(data)) {
        assertEquals(
            List.copyOf(model.values()),
            registry.all().stream().map(Registration::client).toList());
        for (int step = 0; step < 30; step++) {
          String name = "c" + random.nextInt(12);
          Client client = client(name, new MacAddress(1 + random.nextInt(8)), null, null, null);
          boolean taken =
              model.values().stream()
                  .anyMatch(
                      other ->
                          !other.name().value().equals(name) && other.macs().equals(client.macs()));
          if (random.nextInt(3) == 0) {
            assertEquals(model.remove(name) != null, succeeds(registry.remove(name(name))));
          } else if (model.containsKey(name)) {
            boolean changed = succeeds(registry.update(name(name), now -> now.withClient(client)));
            assertEquals(!taken, changed);
            if (changed) {
              model.put(name, client);
            }
          } else {
            boolean added = succeeds(registry.add(client));
            assertEquals(!taken, added);
            if (added) {
              model.put(name, client);
            }
          }
        }
      }
      byte[] rubbish = new byte[random.nextInt(30)];
      random.nextBytes(rubbish);
      for (int i = 0; i < rubbish.length; i++) {
        rubbish[i] = rubbish[i] == '\n' ? 0 : rubbish[i];
      }
      Files.write(file(), rubbish, StandardOpenOption.APPEND);
    }
  }

  // ---- scaffolding ----

  private Path file() {
    return data.resolve(Registry.FILE);
  }

  /** The bytes of a registry with alpha, beta and gamma, each in a record of its own. */
  private byte[] threeClients() throws Exception {
    try (Registry registry = Registry.open(data)) {
      done(registry.add(client("alpha", MAC, MACHINE, NAME, null)));
      done(registry.add(client("beta", null, null, null, address("10.0.0.8"))));
      done(registry.add(client("gamma", null, null, null, null)));
    }
    return Files.readAllBytes(file());
  }

  private static int offsetOfLastRecord(byte[] whole) {
    return offsetOfRecord(whole, whole.length - 1);
  }

  private static int offsetOfRecord(byte[] whole, int at) {
    int offset = at;
    while (offset > 0 && whole[offset - 1] != '\n') {
      offset--;
    }
    return offset;
  }

  private static byte[] golden() throws Exception {
    try (InputStream in =
        Objects.requireNonNull(RegistryTest.class.getResourceAsStream("registry-format-1.log"))) {
      return in.readAllBytes();
    }
  }

  static Client client(
      String name,
      @Nullable MacAddress mac,
      @Nullable UUID uuid,
      @Nullable InitiatorName initiator,
      @Nullable Inet4Address address) {
    return new Client(
        name(name),
        mac == null ? List.of() : List.of(mac),
        uuid,
        initiator == null ? List.of() : List.of(initiator),
        ImageReference.parse("debian"),
        Mode.PERSISTENT,
        address,
        OptionalLong.empty());
  }

  static ClientName name(String name) {
    return new ClientName(name);
  }

  static Inet4Address address(String literal) {
    return (Inet4Address) InetAddress.ofLiteral(literal);
  }

  private static <T> T done(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static boolean succeeds(CompletionStage<?> stage) {
    try {
      done(stage);
      return true;
    } catch (CompletionException e) {
      assertTrue(e.getCause() instanceof InvalidClientException, String.valueOf(e.getCause()));
      return false;
    }
  }

  private static String refusal(CompletionStage<?> stage) {
    Throwable cause =
        Objects.requireNonNull(
            assertThrows(CompletionException.class, () -> done(stage)).getCause());
    return String.valueOf(cause.getMessage());
  }
}
