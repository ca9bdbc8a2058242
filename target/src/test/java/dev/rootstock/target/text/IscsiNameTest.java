// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** iSCSI names (RFC 7143 §4.2.7, RFC 3722). */
class IscsiNameTest {

  @ParameterizedTest
  @CsvSource({
    "iqn.2001-04.com.example:storage.disk2, iqn.2001-04.com.example:storage.disk2",
    "IQN.2001-04.COM.Example:Disk, iqn.2001-04.com.example:disk",
    "iqn.2010-04.org.ipxe:7e2c0a6e-0000-1000-8000-525400770001, iqn.2010-04.org.ipxe:7e2c0a6e-0000-1000-8000-525400770001",
    "eui.02004567A425678D, eui.02004567a425678d",
    "naa.52004567BA64678D, naa.52004567ba64678d",
    "naa.62004567BA64678D0123456789ABCDEF, naa.62004567ba64678d0123456789abcdef",
    "iqn.2001-04.com.example:Ｄｉｓｋ, iqn.2001-04.com.example:disk",
  })
  void aNameHasOneForm(String name, String normal) {
    assertEquals(Optional.of(normal), IscsiName.normalise(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "disk",
        "iqn.2001-04.",
        "iqn.2001.com.example",
        "iqn.2001-04.com.example:a b",
        "iqn.2001-04.com.example:a/b",
        "iqn.2001-04.com.example:a\u200bb",
        "eui.02004567A425678",
        "eui.02004567A425678G",
        "naa.52004567BA64678D0",
      })
  void whatIsNoNameIsRefused(String name) {
    assertEquals(Optional.empty(), IscsiName.normalise(name));
  }

  @Test
  void aNameHas223BytesAtMost() {
    String longest = "iqn.2001-04.com.example:" + "x".repeat(199);
    assertEquals(Optional.of(longest), IscsiName.normalise(longest));
    assertEquals(Optional.empty(), IscsiName.normalise(longest + "x"));
  }
}
