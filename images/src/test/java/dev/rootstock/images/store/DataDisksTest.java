// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.store.StoreException.Kind;
import dev.rootstock.images.testing.Disk;
import dev.rootstock.images.testing.Qemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class DataDisksTest {
  private static final long SIZE = 3 << 20;
  private static final byte[] OURS = random(20_480);

  @TempDir Path folder;
  private LocalImageStore store;
  private DataDisks disks;
  private final OverlayId id = OverlayId.random();

  @BeforeEach
  void open() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    disks = store.dataDisks();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private void reopen() throws Exception {
    store.close();
    open();
  }

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private LeasedDisk lease() throws StoreException {
    return disks.open("web1", id);
  }

  private Path file() {
    return folder.resolve("data/clients/disks/web1@%s.qcow2".formatted(id));
  }

  private Kind refused(Executable call) {
    return assertThrows(StoreException.class, call).kind();
  }

  @Test
  void itBeginsAsZerosAndKeepsWhatIsWritten() throws Exception {
    disks.create("web1", id, SIZE);
    try (LeasedDisk lease = lease()) {
      Disk disk = new Disk(lease.device());
      assertEquals(SIZE, lease.device().geometry().sizeBytes());
      assertFalse(lease.device().geometry().readOnly());
      assertArrayEquals(new byte[1 << 20], disk.read(SIZE - (1 << 20), 1 << 20));
      disk.write(1024, OURS);
    }
    reopen();
    try (LeasedDisk lease = lease()) {
      byte[] read = new Disk(lease.device()).read(0, 2048 + OURS.length);
      byte[] expected = new byte[read.length];
      System.arraycopy(OURS, 0, expected, 1024, OURS.length);
      assertArrayEquals(expected, read);
    }
    Qemu.checkClean(file());
  }

  @Test
  void qemuReadsItByteForByte() throws Exception {
    disks.create("web1", id, SIZE);
    try (LeasedDisk lease = lease()) {
      new Disk(lease.device()).write(123 << 9, OURS);
      new Disk(lease.device()).discard(0, 1 << 20);
    }
    byte[] expected = new byte[(int) SIZE];
    System.arraycopy(OURS, 0, expected, 123 << 9, OURS.length);
    Arrays.fill(expected, 0, 1 << 20, (byte) 0);
    Qemu.compare(file(), Files.write(folder.resolve("expected.raw"), expected));
  }

  @Test
  void qemuWritesItAndWeReadThat() throws Exception {
    disks.create("web1", id, SIZE);
    assertEquals(0, Qemu.io("-f", "qcow2", "-c", "write -P 0x5a 64k 4k", file().toString()).exit());
    try (LeasedDisk lease = lease()) {
      byte[] expected = new byte[4096];
      Arrays.fill(expected, (byte) 0x5a);
      assertArrayEquals(expected, new Disk(lease.device()).read(64 << 10, 4096));
    }
  }

  @Test
  void aLostDiskIsLostAndNotMadeAnew() throws Exception {
    disks.create("web1", id, SIZE);
    Files.delete(file());
    assertEquals(Kind.LOST, refused(this::lease));
    assertEquals(0, disks.bytes("web1", id));
    assertEquals(Kind.NOT_FOUND, refused(() -> disks.check("web1", id)));
  }

  @Test
  void anotherDiskInItsPlaceIsNotShown() throws Exception {
    disks.create("web1", id, SIZE);
    OverlayId other = OverlayId.random();
    disks.create("web1", other, SIZE);
    Files.move(
        file().resolveSibling("web1@%s.qcow2".formatted(other)),
        file(),
        StandardCopyOption.REPLACE_EXISTING);
    assertEquals(Kind.OTHER_OVERLAY, refused(this::lease));
  }

  @Test
  void anOverlayOnAGoldenImageIsNotShown() throws Exception {
    Path raw = Files.write(folder.resolve("golden.raw"), OURS);
    GoldenVersion debian = store.importImage(raw, "debian", null, Progress.NONE);
    store.createOverlay("web1", id, debian, debian.sizeBytes());
    disks.create("web1", id, SIZE);
    Files.move(
        folder.resolve("data/clients/web1.qcow2"), file(), StandardCopyOption.REPLACE_EXISTING);
    assertEquals(Kind.OTHER_OVERLAY, refused(this::lease));
  }

  @Test
  void oneLeaseAtATime() throws Exception {
    disks.create("web1", id, SIZE);
    LeasedDisk first = lease();
    assertEquals(Kind.IN_USE, refused(this::lease));
    assertEquals(Kind.IN_USE, refused(() -> disks.remove("web1", id)));
    assertEquals(Kind.IN_USE, refused(() -> disks.check("web1", id)));
    first.fence().toCompletableFuture().join();
    try (LeasedDisk second = lease()) {
      new Disk(second.device()).write(0, OURS);
      assertThrows(BlockIoException.class, () -> new Disk(first.device()).write(0, OURS));
    }
  }

  @Test
  void aLimitHoldsAtEachAllocation() throws Exception {
    disks.create("web1", id, SIZE);
    store.limits(client -> 1);
    try (LeasedDisk lease = lease()) {
      assertThrows(BlockIoException.class, () -> new Disk(lease.device()).write(0, OURS));
    }
  }

  @Test
  void anExportWhileItIsInUseHasWhatWasWrittenBefore() throws Exception {
    disks.create("web1", id, SIZE);
    Path out = folder.resolve("out.raw");
    try (LeasedDisk lease = lease()) {
      new Disk(lease.device()).write(64 << 10, OURS);
      disks.export("web1", id, out, SourceFormat.RAW, Progress.NONE);
      new Disk(lease.device()).write(0, OURS);
    }
    byte[] expected = new byte[(int) SIZE];
    System.arraycopy(OURS, 0, expected, 64 << 10, OURS.length);
    assertArrayEquals(expected, Files.readAllBytes(out));
    Path qcow2 = folder.resolve("out.qcow2");
    disks.export("web1", id, qcow2, SourceFormat.QCOW2, Progress.NONE);
    System.arraycopy(OURS, 0, expected, 0, OURS.length);
    Qemu.compare(qcow2, Files.write(folder.resolve("expected.raw"), expected));
  }

  @Test
  void aSizeThatCannotBeIsRefused() {
    for (long size : new long[] {0, -512, 513, (64L << 40) + 512}) {
      assertEquals(Kind.INVALID, refused(() -> disks.create("web1", id, size)));
    }
    assertEquals(Kind.INVALID, refused(() -> disks.create("../x", id, SIZE)));
  }

  @Test
  void theSameIdentityIsNotMadeTwice() throws Exception {
    disks.create("web1", id, SIZE);
    assertEquals(Kind.INVALID, refused(() -> disks.create("web1", id, SIZE)));
  }

  @Test
  void aForgottenClientsDisksGo() throws Exception {
    disks.create("web1", id, SIZE);
    disks.create("web10", id, SIZE);
    assertEquals(List.of("web1", "web10"), store.clients());
    store.forget("web1");
    assertEquals(List.of("web10"), store.clients());
    assertEquals(
        List.of(new DataDisks.DataDisk("web10", id, disks.bytes("web10", id))), disks.all());
  }

  @Test
  void whatAnInterruptedMakingLeftIsSweptAway() throws Exception {
    disks.create("web1", id, SIZE);
    Path leftover = Files.copy(file(), file().resolveSibling(".web1@x.qcow2"));
    reopen();
    assertFalse(Files.exists(leftover));
    assertTrue(Files.exists(file()));
  }
}
