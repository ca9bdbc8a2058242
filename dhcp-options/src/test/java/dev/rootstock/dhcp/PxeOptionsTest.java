// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says in option 43 to what firmware says there. */
class PxeOptionsTest {
  private static final String LOAD_THE_FILE = "060108ff";

  /** Type 8000 and layer 0, by itself and among others. */
  @ParameterizedTest
  @ValueSource(strings = {"470480000000ff", "470480000000", "0000060108470480000000ff"})
  void theChosenItemIsAnsweredWithItself(String option) {
    assertEquals("470480000000ff", answer(option));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", // nothing is said
        "060108ff", // something else is
        "ff470480000000", // after the end
        "47028000ff", // no layer
        "47", // cut off before its length
        "47048000", // and in its value
        "0605084704800000", // in the option before it
      })
  void withoutOneTheFileIsToBeLoaded(String option) {
    assertEquals(LOAD_THE_FILE, answer(option));
  }

  @Test
  void noOptionAtAllIsNoItem() {
    assertEquals(
        LOAD_THE_FILE, HexFormat.of().formatHex(PxeOptions.answer(DhcpOptions.builder().build())));
  }

  private static String answer(String option) {
    byte[] bytes = HexFormat.of().parseHex(option);
    DhcpOptions request = DhcpOptions.builder().put(DhcpOption.VENDOR_OPTIONS, bytes).build();
    return HexFormat.of().formatHex(PxeOptions.answer(request));
  }
}
