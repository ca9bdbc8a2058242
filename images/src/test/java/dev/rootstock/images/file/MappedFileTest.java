// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.Limits;
import dev.rootstock.images.block.Loan;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
  private static final int HALF = 1 << 20;

  @TempDir private Path folder;
  private Path file;
  private byte[] written;

  /** A hole that nobody has read, and behind it bytes that the page cache has. */
  @BeforeEach
  void makeFile() throws IOException {
    file = folder.resolve("golden.raw");
    written = new byte[HALF];
    new Random(7).nextBytes(written);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.seek(HALF);
      out.write(written);
    }
  }

  @Test
  void lendsWhatThePageCacheHolds() throws IOException {
    try (MappedFile mapped = MappedFile.open(file, 2 * HALF)) {
      assertArrayEquals(Arrays.copyOfRange(written, 512, 9728), lent(mapped, HALF + 512, 9216));
      assertArrayEquals(written, lent(mapped, HALF, HALF));
    }
  }

  @Test
  void lendsNothingThatIsNotInMemory() throws IOException {
    try (MappedFile mapped = MappedFile.open(file, 2 * HALF)) {
      assertNull(mapped.tryLend(0, 65_536));
      assertNull(mapped.tryLend(HALF - 512, 1024));
    }
  }

  @Test
  void lendsNothingBehindTheEndAndNothingTooLong() throws IOException {
    try (MappedFile mapped = MappedFile.open(file, 2 * HALF)) {
      assertNull(mapped.tryLend(2 * HALF - 512, 1024));
      assertNull(mapped.tryLend(HALF, Limits.MAX_LOAN_BYTES + 512));
    }
  }

  @Test
  void aLoanOutlivesTheFile() throws IOException {
    MappedFile mapped = MappedFile.open(file, 2 * HALF);
    Loan loan = mapped.tryLend(HALF, 4096);
    assertNotNull(loan);
    mapped.close();
    Files.delete(file);
    assertNull(mapped.tryLend(HALF, 4096));
    byte[] found = new byte[4096];
    loan.bytes().get(found);
    assertArrayEquals(Arrays.copyOf(written, 4096), found);
    loan.giveBack();
    // The mapping went with it: the bytes are out of reach.
    assertThrows(IllegalStateException.class, () -> loan.bytes().get(0));
  }

  @Test
  void aLoanTellsTheChecksumOfItsBytes() throws IOException {
    try (MappedFile mapped = MappedFile.open(file, 2 * HALF)) {
      for (int length : new int[] {4096, 65_536, 86_016, HALF}) {
        CRC32C crc = new CRC32C();
        crc.update(written, HALF - length, length);
        for (int again = 0; again < 2; again++) {
          Loan loan = mapped.tryLend(2 * HALF - length, length);
          assertNotNull(loan);
          assertEquals(crc.getValue(), loan.checksum());
          loan.giveBack();
        }
      }
      Loan ragged = mapped.tryLend(HALF + 512, 4096);
      assertNotNull(ragged);
      assertEquals(-1, ragged.checksum());
      ragged.giveBack();
    }
  }

  @Test
  void afterTheEndOfTheFileNewChecksumsAreNotTold() throws IOException {
    MappedFile mapped = MappedFile.open(file, 2 * HALF);
    Loan loan = mapped.tryLend(HALF, 4096);
    assertNotNull(loan);
    mapped.close();
    assertEquals(-1, loan.checksum());
    loan.giveBack();
  }

  @Test
  void bytesCannotBeWritten() throws IOException {
    try (MappedFile mapped = MappedFile.open(file, 2 * HALF)) {
      Loan loan = mapped.tryLend(HALF, 512);
      assertNotNull(loan);
      assertTrue(loan.bytes().isReadOnly());
      assertTrue(loan.bytes().isDirect());
      loan.giveBack();
    }
  }

  @Test
  void aFileOfAnotherLengthIsRefused() {
    IOException refused = assertThrows(IOException.class, () -> MappedFile.open(file, HALF));
    assertEquals(file + " was replaced while it was opened; try again", refused.getMessage());
  }

  private static byte[] lent(MappedFile mapped, long offset, int length) {
    Loan loan = mapped.tryLend(offset, length);
    assertNotNull(loan);
    assertEquals(length, loan.bytes().remaining());
    byte[] found = new byte[length];
    loan.bytes().get(found);
    loan.giveBack();
    return found;
  }
}
