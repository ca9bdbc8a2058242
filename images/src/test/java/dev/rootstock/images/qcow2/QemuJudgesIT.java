// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.testing.Qemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuJudgesIT {
  private static final int SIZE = 20 << 20;

  @TempDir Path folder;

  @Test
  void newOverlayIsWhatItsHeaderSays() throws Exception {
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, 2 * SIZE)) {
      Qemu.checkClean(fixture.overlay);
      Qemu.Result info = Qemu.img("info", "--output=json", fixture.overlay.toString());
      assertEquals(0, info.exit(), info.output());
      String text = info.output().replaceAll("\\s+", "");
      for (String fact :
          new String[] {
            "\"virtual-size\":" + 2 * SIZE,
            "\"format\":\"qcow2\"",
            "\"cluster-size\":131072",
            "\"compat\":\"1.1\"",
            "\"refcount-bits\":16",
            "\"backing-filename\":\"golden.raw\"",
            "\"backing-filename-format\":\"raw\"",
            "\"extended-l2\":true",
            "\"corrupt\":false"
          }) {
        assertTrue(text.contains(fact), fact + " in " + info.output());
      }
    }
  }

  @Test
  void whatWeWriteIsWhatQemuReads() throws Exception {
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE)) {
      byte[] pattern = new byte[100 * 512];
      Arrays.fill(pattern, (byte) 0x5a);
      fixture.write(65_536 - 512, pattern);
      fixture.discard(1 << 20, 1 << 20);
      fixture.shut();
      Qemu.Result read =
          Qemu.io(
              "-r",
              "-f",
              "qcow2",
              "-c",
              "read -P 0x5a 65024 51200",
              "-c",
              "read -P 0 1M 1M",
              fixture.overlay.toString());
      assertEquals(0, read.exit(), read.output());
      Path converted = folder.resolve("converted.raw");
      Qemu.Result convert =
          Qemu.img("convert", "-O", "raw", fixture.overlay.toString(), converted.toString());
      assertEquals(0, convert.exit(), convert.output());
      assertArrayEquals(fixture.model, Files.readAllBytes(converted));
      Qemu.checkClean(fixture.overlay);
    }
  }

  @Test
  void whatQemuWritesIsWhatWeReadAndGoOnWith() throws Exception {
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE)) {
      fixture.write(0, OverlayFixture.bytes(1, 4096));
      fixture.shut();
      Qemu.Result write =
          Qemu.io(
              "-f",
              "qcow2",
              "-c",
              "write -P 0xa5 512 131072",
              "-c",
              "write -z 2M 1M",
              "-c",
              "discard 5M 1M",
              "-c",
              "write -P 0x11 9M 64k",
              fixture.overlay.toString());
      assertEquals(0, write.exit(), write.output());
      Arrays.fill(fixture.model, 512, 512 + 131_072, (byte) 0xa5);
      Arrays.fill(fixture.model, 2 << 20, 3 << 20, (byte) 0);
      Arrays.fill(fixture.model, 5 << 20, 6 << 20, (byte) 0);
      Arrays.fill(fixture.model, 9 << 20, (9 << 20) + 65_536, (byte) 0x11);
      assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));

      fixture.write((2 << 20) + 512, OverlayFixture.bytes(2, 300_032));
      fixture.write((9 << 20) - 512, OverlayFixture.bytes(3, 70_000 / 512 * 512));
      assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));
      fixture.shut();
      Qemu.checkClean(fixture.overlay);
      Qemu.compare(fixture.overlay, fixture.modelFile());
      assertArrayEquals(fixture.goldenBytes, Files.readAllBytes(fixture.golden));
    }
  }

  @Test
  void qemuRefusesADiskInUseAndWeRefuseOneThatQemuUses() throws Exception {
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE)) {
      fixture.write(0, OverlayFixture.bytes(1, 4096));
      Qemu.Result refused = Qemu.img("check", "-f", "qcow2", fixture.overlay.toString());
      assertTrue(refused.output().contains("lock"), refused.output());
      assertTrue(refused.exit() != 0, refused.output());
      fixture.shut();
      Qemu.checkClean(fixture.overlay);
      Process qemu =
          new ProcessBuilder("qemu-io", "-f", "qcow2", fixture.overlay.toString())
              .redirectErrorStream(true)
              .start();
      try (var in = qemu.outputWriter()) {
        in.write("read 0 512\n");
        in.flush();
        String line = qemu.inputReader().readLine(); // it has the file open now
        assertTrue(String.valueOf(line).contains("read 512"), line);
        IOException inUse = assertThrows(IOException.class, fixture::disk);
        assertTrue(String.valueOf(inUse.getMessage()).contains("in use"), inUse.getMessage());
      } finally {
        qemu.destroyForcibly().waitFor();
      }
      assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));
    }
  }

  /** An overlay goes through QEMU's hands and stays ours: rebase and commit keep our header. */
  @Test
  void qemuRebasesAndCommitsWhatWeWrote() throws Exception {
    try (OverlayFixture fixture = new OverlayFixture(folder, 17, SIZE, SIZE)) {
      fixture.write(4096, OverlayFixture.bytes(1, 200_192));
      fixture.discard(1 << 20, 1 << 18);
      fixture.shut();
      Path copy = folder.resolve("copy.raw");
      Files.copy(fixture.golden, copy);
      String overlay = fixture.overlay.toString();
      Qemu.Result rebase =
          Qemu.img("rebase", "-f", "qcow2", "-F", "raw", "-b", "copy.raw", overlay);
      assertEquals(0, rebase.exit(), rebase.output());
      assertArrayEquals(fixture.model, fixture.disk().read(0, SIZE));
      fixture.shut();
      Qemu.Result commit = Qemu.img("commit", "-f", "qcow2", overlay);
      assertEquals(0, commit.exit(), commit.output());
      assertArrayEquals(fixture.model, Files.readAllBytes(copy));
    }
  }
}
