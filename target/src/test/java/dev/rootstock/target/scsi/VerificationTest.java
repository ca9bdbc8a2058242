// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.MemoryBlockDevice;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** VERIFY of SBC-3. */
class VerificationTest {
  private final ProbeDevice device = new ProbeDevice(new MemoryBlockDevice(1 << 20));
  private final Bench bench = new Bench(device);

  @BeforeEach
  void writeSomething() {
    bench.good("2A 00 00000000 00 0003 00", Bench.blocks(1, 2, 2));
    device.log.clear();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2F 00 00000000 00 0003 00",
        "2F 10 00000000 00 0003 00", // DPO
        "AF 00 00000000 00000003 00 00",
        "8F 00 0000000000000000 00000003 00 00"
      })
  void withoutComparisonTheBlocksAreRead(String cdb) {
    bench.good(cdb, new byte[0]);
    assertEquals(List.of("read 0 1536"), device.log);
  }

  @Test
  void equalDataPass() {
    bench.good("2F 02 00000000 00 0003 00", Bench.blocks(1, 2, 2));
  }

  @Test
  void otherDataAreAMiscompare() {
    byte[] last = Bench.blocks(1, 2, 2);
    last[1535] ^= 1;
    assertEquals("0e/1d/00", bench.sense("2F 02 00000000 00 0003 00", last).toString());
  }

  @Test
  void oneBlockIsComparedWithEach() {
    bench.good("2F 06 00000001 00 0002 00", Bench.blocks(2));
    assertEquals("0e/1d/00", bench.sense("2F 06 00000000 00 0003 00", Bench.blocks(2)).toString());
  }

  @Test
  void aLongRangeIsComparedInSteps() {
    byte[] zeros = new byte[600 << 10];
    bench.good("2F 02 00000100 00 04B0 00", zeros);
    assertEquals(3, device.log.size());
    zeros[zeros.length - 1] = 1;
    assertEquals("0e/1d/00", bench.sense("2F 02 00000100 00 04B0 00", zeros).toString());
    byte[] second = new byte[600 << 10];
    Arrays.fill(second, 300 << 10, 301 << 10, (byte) 1);
    assertEquals("0e/1d/00", bench.sense("2F 02 00000100 00 04B0 00", second).toString());
    bench.good("2F 06 00000100 00 04B0 00", new byte[512]);
  }

  @Test
  void noBlocksAreNothingToVerify() {
    bench.good("2F 02 00000000 00 0000 00", new byte[0]);
    assertEquals(List.of(), device.log);
  }

  @Test
  void tooLittleDataAreRefused() {
    assertEquals(
        "05/0e/03", bench.sense("2F 02 00000000 00 0003 00", Bench.blocks(1, 2)).toString());
  }

  @Test
  void theReservedComparisonIsRefused() {
    assertEquals(Sense.invalidCdbField(1, 2), bench.sense("2F 04 00000000 00 0001 00"));
  }

  @Test
  void blocksThatCannotBeReadAreAMediumError() {
    device.failure = BlockIoException.Kind.READ_FAILED;
    assertEquals("03/11/00", bench.sense("2F 00 00000000 00 0003 00").toString());
  }
}
