// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A stranger's VHD, VHDX, VMDK or VDI, looked at before qemu-img is: taken or refused in words. */
class ForeignHeadersFuzzTest {
  private static final List<SourceFormat> FORMATS =
      List.of(SourceFormat.VHD, SourceFormat.VHDX, SourceFormat.VMDK, SourceFormat.VDI);

  private static final int SIZE = 16 << 10;

  /** A file whose header is right. */
  private static ByteBuffer whole(SourceFormat format) {
    ByteBuffer file = ByteBuffer.allocate(SIZE);
    switch (format) {
      case VHD -> {
        int footer = SIZE - 512;
        file.put(footer, "conectix".getBytes(StandardCharsets.US_ASCII));
        file.putLong(footer + 48, 3 << 20).putInt(footer + 60, 3);
      }
      case VMDK -> {
        file.put(0, "KDMV".getBytes(StandardCharsets.US_ASCII)).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(12, 6144).putLong(28, 1).putLong(36, 20);
        file.put(512, "# Disk DescriptorFile\n".getBytes(StandardCharsets.US_ASCII));
      }
      case VDI -> file.order(ByteOrder.LITTLE_ENDIAN).putInt(0x4c, 1).putLong(0x170, 3 << 20);
      default -> file.put(0, "vhdxfile".getBytes(StandardCharsets.US_ASCII));
    }
    return file.order(ByteOrder.BIG_ENDIAN);
  }

  /** Returns whether it was taken. */
  private static boolean look(SourceFormat format, ByteBuffer bytes) throws IOException {
    Path file = Files.createTempFile("foreign", ".image");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.write(bytes.duplicate().clear(), 0);
      ForeignHeaders.check(file, channel, format);
      return true;
    } catch (StoreException refused) {
      assertFalse(String.valueOf(refused.getMessage()).contains("null"), refused.getMessage());
      return false;
    } finally {
      Files.delete(file);
    }
  }

  @FuzzTest(maxDuration = "2m")
  void damagedHeaderIsTakenOrRefused(FuzzedDataProvider input) throws IOException {
    SourceFormat format = input.pickValue(FORMATS);
    ByteBuffer file = whole(format);
    while (input.remainingBytes() > 0) {
      int at = input.consumeInt(0, SIZE - 8);
      switch (input.consumeInt(0, 2)) {
        case 0 -> file.put(at, input.consumeByte());
        case 1 -> file.putInt(at, input.consumeInt());
        default -> file.putLong(at, input.consumeLong());
      }
    }
    look(format, file);
  }

  @FuzzTest(maxDuration = "2m")
  void anyBytesAreTakenOrRefused(byte[] bytes) throws IOException {
    for (SourceFormat format : FORMATS) {
      look(format, ByteBuffer.wrap(bytes));
    }
  }

  /** In every run: most of the damage is where the header is. */
  @Test
  void randomDamageIsTakenOrRefused() throws IOException {
    Random random = new Random(11);
    for (SourceFormat format : FORMATS) {
      assertTrue(look(format, whole(format)), format + " as it should be");
      int refused = 0;
      for (int i = 0; i < 300; i++) {
        ByteBuffer file = whole(format);
        int start = format == SourceFormat.VHD ? SIZE - 512 : 0;
        for (int change = random.nextInt(1, 6); change > 0; change--) {
          int at = start + random.nextInt(64) * 8;
          file.putLong(at, random.nextBoolean() ? random.nextLong() : random.nextInt(4));
        }
        refused += look(format, file) ? 0 : 1;
      }
      assertTrue(refused > 0 || format == SourceFormat.VHDX, format + " is never refused");
    }
  }
}
