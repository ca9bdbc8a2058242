// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeaderCodecTest {
  private static final UUID ID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
  private static final long FILE_SIZE = 4 * 131_072;

  private static final Header HEADER = Header.layOut(17, 10L << 30, "../images/debian/1.raw", ID);

  /** Written out by hand from the format's table of fields. */
  private static final String BYTES =
      "514649fb 00000003" // "QFI\xfb", version 3
          + "00000000000000b0 00000016" // backing name: at 176, 22 bytes
          + "00000011 0000000280000000" // 128 KiB clusters, 10 GiB
          + "00000000" // no encryption
          + "0000000a 0000000000060000" // 10 L1 entries, in cluster 3
          + "0000000000020000 00000001" // refcount table: cluster 1, one cluster
          + "00000000 0000000000000000" // no snapshots
          + "0000000000000010 0000000000000000 0000000000000000" // extended L2 entries
          + "00000004 00000068" // 16-bit refcounts, 104 bytes of header
          + "5253544b 00000028" // "RSTK", 40 bytes
          + "00112233445566778899aabbccddeeff 0000000000000001" // the overlay's UUID, epoch 1
          + "00000000000000000000000000000000" // durable, so made in no boot that matters
          + "e2792aca 00000003 7261770000000000" // backing format "raw"
          + "00000000 00000000" // end of the extensions
          + "2e2e2f696d616765732f64656269616e2f312e726177"; // "../images/debian/1.raw"

  private static ByteBuffer encoded() {
    return ByteBuffer.wrap(HexFormat.of().parseHex(BYTES.replace(" ", "")));
  }

  private static ByteBuffer cluster() {
    return ByteBuffer.allocate(65_536).put(0, encoded().array());
  }

  @Test
  void headerHasTheBytesThatTheFormatSays() {
    ByteBuffer made = HeaderCodec.encode(HEADER);
    byte[] bytes = new byte[made.remaining()];
    made.get(bytes);
    assertEquals(HexFormat.of().formatHex(encoded().array()), HexFormat.of().formatHex(bytes));
  }

  @Test
  void headerIsReadBack() throws Exception {
    assertEquals(HEADER, HeaderCodec.decode(cluster(), FILE_SIZE));
  }

  @Test
  void freshOverlaySaysInWhichBootItWasMade() throws Exception {
    UUID boot = UUID.fromString("ffeeddcc-bbaa-9988-7766-554433221100");
    ByteBuffer made = HeaderCodec.encode(HEADER.fresh(boot));
    ByteBuffer whole = ByteBuffer.allocate(65_536).put(0, made, 0, made.limit());
    assertEquals(HEADER.fresh(boot), HeaderCodec.decode(whole, FILE_SIZE));
  }

  @Test
  void identityOfTheFirstPreReleasesIsThatOfADurableOverlay() throws Exception {
    ByteBuffer old = cluster();
    old.putInt(108, 24);
    old.put(136, old, 152, 512); // what follows it stands 16 bytes earlier
    old.putLong(8, 160);
    assertEquals(HEADER, HeaderCodec.decode(old, FILE_SIZE));
  }

  @Test
  void unknownExtensionsAndCompatibleFeaturesArePassedOver() throws Exception {
    ByteBuffer other = cluster();
    other.putLong(80, 0x8000_0000_0000_0001L);
    other.putInt(152, 0x12345678); // the backing format becomes something unknown
    assertEquals(HEADER, HeaderCodec.decode(other, FILE_SIZE));
  }

  /** What is damaged, how, and the offset that the refusal has to name. */
  @ParameterizedTest
  @CsvSource({
    "int, 0, 0x514649fa, 0",
    "int, 4, 2, 4",
    "int, 4, 4, 4",
    "long, 8, 0, 8",
    "long, 8, 0x7fffffffffffffff, 8",
    "long, 8, 65530, 8",
    "long, 8, -1, 8",
    "int, 16, -1, 16",
    "int, 16, 0, 16",
    "int, 16, 1024, 16",
    "int, 20, 13, 20",
    "int, 20, 18, 20",
    "int, 20, 31, 20",
    "int, 20, -1, 20",
    "long, 24, 0, 24",
    "long, 24, -512, 24",
    "long, 24, 513, 24",
    "long, 24, 0x7ffffffffffffe00, 24",
    "int, 32, 1, 32",
    "int, 36, 9, 36",
    "int, 36, -1, 36",
    "int, 36, 0x7fffffff, 36",
    "long, 40, 0, 40",
    "long, 40, 0x60001, 40",
    "long, 40, 0x80000, 40",
    "long, 40, 0x7fffffffffff0000, 40",
    "long, 40, -65536, 40",
    "long, 48, 0, 48",
    "long, 48, 0x20200, 48",
    "long, 48, 0x80000, 48",
    "int, 56, 0, 56",
    "int, 56, -1, 56",
    "int, 56, 0x7fffffff, 56",
    "int, 60, 1, 60",
    "long, 72, 17, 72",
    "long, 72, 18, 72",
    "long, 72, 20, 72",
    "long, 72, 0, 72",
    "long, 72, 48, 72",
    "long, 72, 0x8000000000000000, 72",
    "int, 96, 5, 96",
    "int, 96, 6, 96",
    "int, 100, 72, 100",
    "int, 100, 105, 100",
    "int, 100, -8, 100",
    "int, 108, -1, 108",
    "int, 108, 0x7ffffff8, 108",
    "int, 160, 0x71636f77, 160",
    "int, 108, 16, 108",
  })
  void damageIsRefusedByOffset(String type, int at, String value, int named) {
    ByteBuffer damaged = cluster();
    if (type.equals("int")) {
      damaged.putInt(at, Long.decode(value).intValue());
    } else if (value.equals("0x8000000000000000")) {
      damaged.putLong(at, Long.MIN_VALUE);
    } else {
      damaged.putLong(at, Long.decode(value));
    }
    FormatException refusal =
        assertThrows(FormatException.class, () -> HeaderCodec.decode(damaged, FILE_SIZE));
    assertTrue(
        String.valueOf(refusal.getMessage()).startsWith("offset " + named + ":"),
        refusal.getMessage());
  }

  @Test
  void overlayOfSomebodyElseIsRefused() {
    ByteBuffer other = cluster();
    other.putInt(104, 0x11111111);
    FormatException refusal =
        assertThrows(FormatException.class, () -> HeaderCodec.decode(other, FILE_SIZE));
    assertTrue(String.valueOf(refusal.getMessage()).contains("identity"));
  }

  /** Whatever the bytes, there is an answer, and it is a header or a refusal. */
  @Test
  void randomDamageNeverDoesMoreThanBeRefused() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      ByteBuffer damaged = cluster();
      for (int j = random.nextInt(4); j >= 0; j--) {
        damaged.put(random.nextInt(192), (byte) random.nextInt(256));
      }
      damaged.limit(random.nextInt(5) == 0 ? random.nextInt(200) : 65_536);
      try {
        Header header = HeaderCodec.decode(damaged, FILE_SIZE);
        assertTrue(header.l1Offset() + 8L * header.l1Entries() <= FILE_SIZE);
      } catch (FormatException refused) {
        assertTrue(String.valueOf(refused.getMessage()).contains("offset"));
      }
    }
  }
}
