// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.rootstock.images.block.BlockIoException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SenseTest {

  @Test
  void fixedFormatIsEighteenBytes() {
    assertEquals(
        "70 00 05 00000000 0a 00000000 20 00 00 000000".replace(" ", ""),
        Bench.hex(Sense.INVALID_OPCODE.fixedFormat()));
  }

  /** SPC-4 §4.5.2.4.2: SKSV, C/D, BPV and the bit pointer, then the field pointer. */
  @Test
  void aFieldPointerNamesByteAndBitOfTheCdb() {
    assertEquals(
        "70 00 05 00000000 0a 00000000 24 00 00 cd0009".replace(" ", ""),
        Bench.hex(Sense.invalidCdbField(9, 5).fixedFormat()));
    assertEquals(
        "70 00 05 00000000 0a 00000000 24 00 00 c00002".replace(" ", ""),
        Bench.hex(Sense.invalidCdbField(2).fixedFormat()));
  }

  @Test
  void aFieldPointerIntoParameterDataHasNoCdbBit() {
    assertEquals(
        "70 00 05 00000000 0a 00000000 26 00 00 800110".replace(" ", ""),
        Bench.hex(Sense.invalidParameter(0x110).fixedFormat()));
  }

  /** SPC-4 §4.5.2.3, §4.5.3: bytes 8 to 11, and a descriptor of type 01h. */
  @Test
  void commandSpecificInformationHasItsPlaceInBothFormats() {
    Sense sense = new Sense(Sense.COPY_ABORTED, 0x08, 0x04).withCommandSpecific(0x102);
    assertEquals(
        "70 00 0a 00000000 0a 00000102 08 04 00 000000".replace(" ", ""),
        Bench.hex(sense.fixedFormat()));
    assertEquals(
        "72 0a 08 04 000000 0c 01 0a 0000 0000000000000102".replace(" ", ""),
        Bench.hex(sense.descriptorFormat()));
  }

  @Test
  void informationIsValidWhenItFitsFourBytes() {
    Sense sense = new Sense(Sense.MEDIUM_ERROR, 0x11, 0x00, 0xFFFF_FFFEL, 0);
    assertEquals(
        "f0 00 03 fffffffe 0a 00000000 11 00 00 000000".replace(" ", ""),
        Bench.hex(sense.fixedFormat()));
    Sense far = new Sense(Sense.MEDIUM_ERROR, 0x11, 0x00, 0x1_0000_0000L, 0);
    assertEquals(
        "70 00 03 00000000 0a 00000000 11 00 00 000000".replace(" ", ""),
        Bench.hex(far.fixedFormat()));
  }

  @ParameterizedTest
  @CsvSource({
    "FENCED, 02/04/03",
    "CLOSED, 02/04/01",
    "NO_SPACE, 07/27/07",
    "QUOTA, 07/27/07",
    "READ_ONLY, 07/27/00",
    "READ_FAILED, 03/11/00",
    "WRITE_FAILED, 03/0c/00",
  })
  void aFailureOfTheStoreHasASense(BlockIoException.Kind kind, String sense) {
    assertEquals(sense, Sense.of(new BlockIoException(kind, "")).toString());
  }

  @Test
  void aPassingShortageIsAStatusAndNoMediumError() {
    Plan.Fail busy = Plan.Fail.of(new BlockIoException(BlockIoException.Kind.BUSY, ""));
    assertEquals(ScsiStatus.BUSY, busy.status());
    assertNull(busy.sense());
  }
}
