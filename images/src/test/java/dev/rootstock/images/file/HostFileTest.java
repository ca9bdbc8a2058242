// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostFileTest {

  /** Both ways to a file have to behave alike. */
  enum Way {
    NATIVE,
    CHANNEL;

    HostFile open(Path path, HostFiles.Mode mode) throws IOException {
      return this == NATIVE ? HostFiles.openNative(path, mode) : HostFiles.openChannel(path, mode);
    }
  }

  @TempDir Path folder;

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void gatheredWriteIsReadBack(Way way) throws Exception {
    byte[] bytes = random(50_000);
    ByteBuffer[] parts = new ByteBuffer[100]; // more than one call takes
    for (int i = 0; i < parts.length; i++) {
      ByteBuffer part = i % 3 == 0 ? ByteBuffer.allocate(500) : ByteBuffer.allocateDirect(500);
      parts[i] = part.put(bytes, i * 500, 500).flip();
    }
    try (HostFile file = way.open(folder.resolve("f"), HostFiles.Mode.CREATE)) {
      file.write(1_000, parts);
      file.sync();
      assertEquals(51_000, file.size());
      ByteBuffer direct = ByteBuffer.allocateDirect(50_000);
      ByteBuffer heap = ByteBuffer.allocate(50_000);
      file.read(1_000, direct);
      file.read(1_000, heap);
      assertArrayEquals(bytes, heap.array());
      assertEquals(heap.flip(), direct.flip());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void readBeyondTheEndIsAnError(Way way) throws Exception {
    Path path = Files.write(folder.resolve("f"), random(1_000));
    try (HostFile file = way.open(path, HostFiles.Mode.READ)) {
      assertThrows(EOFException.class, () -> file.read(600, ByteBuffer.allocateDirect(512)));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void openingTellsWhatIsWrong(Way way) throws Exception {
    Path path = folder.resolve("f");
    assertThrows(NoSuchFileException.class, () -> way.open(path, HostFiles.Mode.READ));
    way.open(path, HostFiles.Mode.CREATE).close();
    assertThrows(FileAlreadyExistsException.class, () -> way.open(path, HostFiles.Mode.CREATE));
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void fullFileSystemIsToldApart(Way way) throws Exception {
    try (HostFile full = way.open(Path.of("/dev/full"), HostFiles.Mode.READ_WRITE)) {
      assertThrows(NoSpaceException.class, () -> full.write(0, ByteBuffer.allocateDirect(512)));
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void writingAFileOpenedForReadingFails(Way way) throws Exception {
    Path path = Files.write(folder.resolve("f"), random(1_000));
    try (HostFile file = way.open(path, HostFiles.Mode.READ)) {
      assertThrows(Exception.class, () -> file.write(0, ByteBuffer.allocateDirect(512)));
    }
    assertArrayEquals(random(1_000), Files.readAllBytes(path));
  }

  @Test
  void cachedBytesAreReadWithoutWaiting() throws Exception {
    byte[] bytes = random(8_192);
    Path path = Files.write(folder.resolve("f"), bytes);
    try (HostFile file = HostFiles.openNative(path, HostFiles.Mode.READ)) {
      ByteBuffer into = ByteBuffer.allocateDirect(4_096 + 100);
      into.position(50).limit(50 + 4_096);
      assertTrue(file.tryRead(4_096, into));
      assertEquals(50 + 4_096, into.position());
      assertEquals(ByteBuffer.wrap(bytes, 4_096, 4_096), into.position(50));
    }
  }

  @Test
  void shortReadHeapBufferAndClosedFileAnswerFalse() throws Exception {
    Path path = Files.write(folder.resolve("f"), random(1_000));
    HostFile file = HostFiles.openNative(path, HostFiles.Mode.READ);
    ByteBuffer into = ByteBuffer.allocateDirect(512);
    assertFalse(file.tryRead(600, into));
    assertEquals(0, into.position());
    assertFalse(file.tryRead(0, ByteBuffer.allocate(512)));
    file.close();
    file.close();
    assertFalse(file.tryRead(0, into));
    assertThrows(IOException.class, () -> file.read(0, into));
  }

  @Test
  void withoutTheSystemCallNothingIsEverKnownToBeCached() throws Exception {
    Path path = Files.write(folder.resolve("f"), random(1_000));
    try (HostFile file = HostFiles.openChannel(path, HostFiles.Mode.READ)) {
      assertFalse(file.tryRead(0, ByteBuffer.allocateDirect(512)));
    }
  }
}
