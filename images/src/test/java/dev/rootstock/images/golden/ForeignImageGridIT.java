// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.Extent;
import dev.rootstock.images.file.HostFiles;
import dev.rootstock.images.testing.Qemu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images that QEMU made are read byte for byte: what qemu-img convert makes of them is the judge.
 */
class ForeignImageGridIT {
  private static final int SIZE = (5 << 20) + 3 * 512;
  private static final int BASE_SIZE = 4 << 20;

  @TempDir Path folder;

  /** How an image is made; {@code options} are those of {@code qemu-img create -o}. */
  record Shape(String options, boolean backed, boolean compressed, boolean snapshots, long seed) {}

  static Stream<Shape> shapes() {
    List<Shape> shapes = new ArrayList<>();
    long seed = 1;
    for (int cluster : new int[] {512, 4096, 65_536, 2 << 20}) {
      for (String compat : new String[] {"compat=0.10", "compat=1.1"}) {
        for (boolean backed : new boolean[] {false, true}) {
          String options = compat + ",cluster_size=" + cluster;
          shapes.add(new Shape(options, backed, cluster > 512, cluster == 4096, seed++));
        }
      }
    }
    for (String type : new String[] {"zlib", "zstd"}) {
      for (int cluster : new int[] {16_384, 131_072}) {
        for (String extended : new String[] {"on", "off"}) {
          String options =
              "cluster_size=%d,extended_l2=%s,compression_type=%s"
                  .formatted(cluster, extended, type);
          shapes.add(new Shape(options, true, true, true, seed++));
        }
      }
    }
    for (String allocation : new String[] {"metadata", "falloc", "full"}) {
      shapes.add(new Shape("preallocation=" + allocation, false, false, false, seed++));
    }
    shapes.add(new Shape("lazy_refcounts=on,refcount_bits=1", true, true, false, seed++));
    shapes.add(new Shape("refcount_bits=64", true, true, true, seed++));
    shapes.add(new Shape("extended_l2=on,preallocation=metadata", true, false, false, seed++));
    return shapes.stream();
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void everyByteIsWhatQemuShows(Shape shape) throws Exception {
    Random random = new Random(shape.seed);
    Path image = folder.resolve("top.qcow2");
    List<String> create = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
    create.addAll(List.of("-o", shape.options));
    if (shape.backed) {
      Path raw = folder.resolve("base.raw");
      byte[] base = new byte[BASE_SIZE];
      random.nextBytes(base);
      Files.write(raw, base);
      Path middle = folder.resolve("middle.qcow2");
      qemu("create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.raw", middle.toString(), "5M");
      write(middle, random, 4, false);
      create.addAll(List.of("-F", "qcow2", "-b", "middle.qcow2"));
    }
    create.addAll(List.of(image.toString(), String.valueOf(SIZE)));
    qemu(create.toArray(String[]::new));
    write(image, random, 12, shape.compressed);
    if (shape.snapshots) {
      qemu("snapshot", "-q", "-c", "before", image.toString());
      write(image, random, 8, false);
    }

    byte[] expected = convert(image);
    try (ImageChain chain = ImageChain.open(image, HostFiles::open)) {
      assertEquals(SIZE, chain.size());
      assertArrayEquals(expected, all(chain));
      pieces(chain, expected, random);
      extents(chain, expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zlib", "zstd"})
  void compressedImageOfVariedDataIsReadByteForByte(String type) throws Exception {
    byte[] bytes = new byte[SIZE];
    Random random = new Random(3);
    for (int at = 0; at < SIZE; at += 4096) {
      byte[] piece = new byte[Math.min(4096, SIZE - at)];
      random.nextBytes(piece);
      int repeated = random.nextInt(4096);
      for (int i = 1; i < Math.min(repeated, piece.length); i++) {
        piece[i] = piece[0];
      }
      System.arraycopy(piece, 0, bytes, at, piece.length);
    }
    Path raw = Files.write(folder.resolve("varied.raw"), bytes);
    Path image = folder.resolve("varied.qcow2");
    String options = "compression_type=" + type;
    qemu(
        "convert",
        "-c",
        "-O",
        "qcow2",
        "-o",
        options,
        "-f",
        "raw",
        raw.toString(),
        image.toString());
    try (ImageChain chain = ImageChain.open(image, HostFiles::open)) {
      assertArrayEquals(bytes, all(chain));
      pieces(chain, bytes, random);
    }
  }

  /** Random writes of every kind that QEMU knows, aligned and not. */
  private void write(Path image, Random random, int count, boolean compressed) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("-f", "qcow2", "-d", "unmap"));
    if (compressed) {
      // QEMU compresses only what is not there yet.
      arguments.addAll(List.of("-c", "write -c -P 77 0 2M", "-c", "write -c -P 78 2M 2M"));
    }
    for (int i = 0; i < count; i++) {
      int at = random.nextInt((4 << 20) / 512) * 512;
      int length = (1 + random.nextInt(600)) * 512;
      String range = at + " " + Math.min(length, (5 << 20) - at);
      String command =
          switch (random.nextInt(5)) {
            case 0 -> "write -z " + range;
            case 1 -> "write -z -u " + range;
            case 2 -> "discard " + range;
            default -> "write -P " + (1 + random.nextInt(250)) + " " + range;
          };
      arguments.addAll(List.of("-c", command));
    }
    arguments.add(image.toString());
    Qemu.Result result = Qemu.io(arguments.toArray(String[]::new));
    assertEquals(0, result.exit(), result.output());
  }

  private static void qemu(String... arguments) throws Exception {
    Qemu.Result result = Qemu.img(arguments);
    assertEquals(0, result.exit(), result.output());
  }

  private byte[] convert(Path image) throws Exception {
    Path raw = folder.resolve("converted.raw");
    qemu("convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
    return Files.readAllBytes(raw);
  }

  private static byte[] all(GoldenImage image) throws IOException {
    ByteBuffer into = ByteBuffer.allocateDirect((int) image.size());
    image.read(0, into);
    byte[] bytes = new byte[into.flip().remaining()];
    into.get(bytes);
    return bytes;
  }

  private static void pieces(GoldenImage image, byte[] expected, Random random) throws IOException {
    for (int i = 0; i < 200; i++) {
      int at = random.nextInt(expected.length / 512 + 8) * 512;
      ByteBuffer into = ByteBuffer.allocateDirect((1 + random.nextInt(64)) * 512);
      if (!image.tryRead(at, into)) {
        image.read(at, into.clear());
      }
      into.flip();
      for (int j = 0; j < into.limit(); j++) {
        byte wanted = at + j < expected.length ? expected[at + j] : 0;
        assertEquals(wanted, into.get(j), "at " + (at + j));
      }
    }
  }

  private static void extents(GoldenImage image, byte[] expected) throws IOException {
    List<Extent> extents = new ArrayList<>();
    image.extents(0, expected.length, extents);
    long at = 0;
    for (Extent extent : extents) {
      assertEquals(at, extent.offset());
      assertTrue(extent.length() > 0);
      at += extent.length();
      ByteBuffer found = ByteBuffer.allocate((int) extent.length());
      switch (extent) {
        case Extent.Immutable bytes -> bytes.file().read(found, bytes.fileOffset());
        case Extent.Zero zero -> found.position(found.limit());
        case Extent.Mutable unknown -> image.read(unknown.offset(), found);
      }
      byte[] wanted = new byte[found.limit()];
      System.arraycopy(expected, (int) extent.offset(), wanted, 0, wanted.length);
      assertArrayEquals(wanted, found.array(), extent.toString());
    }
    assertEquals(expected.length, at);
  }
}
