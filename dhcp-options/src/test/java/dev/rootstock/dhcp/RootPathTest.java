// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 4173 §5. */
class RootPathTest {
  private static final String NAME = "iqn.2001-04.com.example:storage:disk.1";

  @Test
  void readsEveryField() throws Exception {
    RootPath path = RootPath.parse("iscsi:192.0.2.7:6:3261:4752-3A4F-6b7e-2F99:" + NAME);

    assertEquals(Optional.of(new ServerName("192.0.2.7")), path.server());
    assertEquals(OptionalInt.of(3261), path.port());
    assertEquals(0x4752_3a4f_6b7e_2f99L, path.lun().value());
    assertEquals(NAME, path.target().value());
  }

  @Test
  void blankFieldsAreTheirDefaults() throws Exception {
    RootPath path = RootPath.parse("iscsi:::::" + NAME);

    assertEquals(Optional.empty(), path.server());
    assertEquals(OptionalInt.empty(), path.port());
    assertEquals(3260, path.portOrDefault());
    assertEquals(Lun.ZERO, path.lun());
  }

  @Test
  void aStatedDefaultPortIsNotABlankOne() throws Exception {
    assertEquals(OptionalInt.of(3260), RootPath.parse("iscsi:::3260::" + NAME).port());
  }

  @ParameterizedTest
  @ValueSource(strings = {"[2001:db8::1]", "[::]", "[::ffff:192.0.2.1]", "[1:2:3:4:5:6:7:8]"})
  void theColonsOfAnIpv6AddressAreInBrackets(String server) throws Exception {
    RootPath path = RootPath.parse("iscsi:" + server + ":6:3260:1:" + NAME);

    assertEquals(server, path.server().orElseThrow().text());
    assertTrue(path.server().orElseThrow().isLiteral());
    assertEquals(NAME, path.target().value());
  }

  @ParameterizedTest
  @ValueSource(strings = {"boot", "boot.example.com", "b-1.example.com.", "10.example"})
  void aServerMayBeADomainName(String server) throws Exception {
    assertEquals(
        server, RootPath.parse("iscsi:" + server + "::::" + NAME).server().orElseThrow().text());
  }

  @Test
  void theTargetNameKeepsItsColons() throws Exception {
    assertEquals(
        "iqn.2001-04.com.example:a:b::c",
        RootPath.parse("iscsi:h::::iqn.2001-04.com.example:a:b::c").target().value());
  }

  @ParameterizedTest
  @CsvSource({
    "10.77.0.1,             3260, 0, iscsi:10.77.0.1::::",
    "10.77.0.1,             3261, 0, iscsi:10.77.0.1::3261::",
    "boot.example.com,      3260, 1, iscsi:boot.example.com:::1:",
    "'[2001:db8:0:0:0:0:0:1]', 860, 300, 'iscsi:[2001:db8:0:0:0:0:0:1]::860:412c:'"
  })
  void writesWhatFirmwareReads(String server, int port, int lun, String expected) throws Exception {
    RootPath path =
        RootPath.of(ServerName.parse(server), port, Lun.ofNumber(lun), new IscsiName(NAME));

    assertEquals(expected + NAME, path.toString());
    assertEquals(path, RootPath.parse(path.toString()));
    assertEquals(path, RootPath.parse(path.toString().getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | 0 | begins with",
        "/srv/nfs | 0 | begins with",
        "ISCSI:h::::iqn.2001-04.a | 0 | begins with",
        "iscsi: | 6 | ends in its server name",
        "iscsi:h | 7 | ends in its server name",
        "iscsi:h: | 8 | ends in its protocol",
        "iscsi:h:6: | 10 | ends in its port",
        "iscsi:h:6:3260 | 14 | ends in its port",
        "iscsi:h:6:3260:0 | 16 | ends in its LUN",
        "iscsi:h:6:3260:0: | 17 | target name is missing",
        "iscsi:h:17:::iqn.2001-04.a | 8 | approved",
        "iscsi:h:tcp:::iqn.2001-04.a | 8 | approved",
        "iscsi:h:06:::iqn.2001-04.a | 8 | approved",
        "iscsi:h::0::iqn.2001-04.a | 9 | 1 to 65535",
        "iscsi:h::65536::iqn.2001-04.a | 9 | 1 to 65535",
        "iscsi:h::99999999999::iqn.2001-04.a | 9 | 1 to 65535",
        "iscsi:h::32x0::iqn.2001-04.a | 11 | decimal",
        "iscsi:h::-1::iqn.2001-04.a | 9 | decimal",
        "iscsi:h:::g:iqn.2001-04.a | 10 | hexadecimal",
        "iscsi:h:::12345:iqn.2001-04.a | 14 | more than four digits",
        "iscsi:h:::1-2-3-4-5:iqn.2001-04.a | 17 | four groups",
        "iscsi:h:::1--2:iqn.2001-04.a | 12 | one to four",
        "iscsi:h:::1-:iqn.2001-04.a | 12 | one to four",
        "iscsi:h:::-1:iqn.2001-04.a | 10 | one to four",
        "iscsi:10.0.0.256::::iqn.2001-04.a | 6 | IPv4",
        "iscsi:10.0.0::::iqn.2001-04.a | 11 | begins with a letter",
        "iscsi:h_1::::iqn.2001-04.a | 7 | not allowed",
        "iscsi:-h::::iqn.2001-04.a | 6 | '-'",
        "iscsi:a..b::::iqn.2001-04.a | 8 | empty",
        "iscsi:[::1::::iqn.2001-04.a | 6 | not closed",
        "iscsi:[::1]x::::iqn.2001-04.a | 11 | has to follow",
        "iscsi:[fe80::1%eth0]::::iqn.2001-04.a | 14 | not part",
        "iscsi:[1:2]::::iqn.2001-04.a | 7 | IPv6",
        "iscsi:[10.0.0.1]::::iqn.2001-04.a | 7 | IPv6",
        "iscsi:fe80::1::::iqn.2001-04.a | 6 | stands in brackets",
        "iscsi:2001:db8::1:::0:iqn.2001-04.a | 6 | stands in brackets",
        "iscsi:h::::disk | 11 | begins with",
        "iscsi:h::::iqn.2001-13.a | 15 | year and a month",
        "iscsi:h::::iqn.2001-04.a_b | 24 | '_'"
      })
  void saysWhatIsWrongAtWhichCharacter(String text, int offset, String problem) {
    SyntaxException error = assertThrows(SyntaxException.class, () -> RootPath.parse(text));

    assertTrue(error.problem().contains(problem), error.getMessage());
    assertEquals(offset, error.offset(), error.getMessage());
    assertEquals("at character " + (offset + 1) + ": " + error.problem(), error.getMessage());
  }

  @Test
  void aPathOf255BytesFits() throws Exception {
    String text = "iscsi:192.168.100.100::::iqn.2001-04.com.example:";
    String longest = text + "x".repeat(255 - text.length());
    assertThrows(SyntaxException.class, () -> RootPath.parse(longest + "x"));
    // 223 bytes of name leave 32 for the rest.
    String name = "iqn.2001-04.com.example:" + "x".repeat(223 - 24);
    RootPath path =
        RootPath.of(new ServerName("255.255.255.255"), 65535, Lun.ofNumber(0), new IscsiName(name));
    assertEquals(253, path.toString().length());
  }

  @Test
  void aPathThatDoesNotFitItsOptionIsRefusedWhenItIsMade() throws Exception {
    IscsiName name = new IscsiName("iqn.2001-04.com.example:" + "x".repeat(223 - 24));
    ServerName server = ServerName.ofHost("2001:db8:1111:2222:3333:4444:5555:6666");

    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class, () -> RootPath.of(server, 3260, Lun.ZERO, name));
    assertTrue(String.valueOf(error.getMessage()).contains("255"), error.getMessage());
  }

  @Test
  void bytesThatAreNoUtf8AreRefused() {
    byte[] bytes = ("iscsi:::::" + NAME).getBytes(StandardCharsets.ISO_8859_1);
    bytes[bytes.length - 1] = (byte) 0xC3;
    assertThrows(SyntaxException.class, () -> RootPath.parse(bytes));
  }

  @Test
  void anotherRootPathIsNotClaimed() {
    assertTrue(RootPath.isClaimedBy("iscsi:nonsense"));
    assertEquals(false, RootPath.isClaimedBy("192.0.2.1:/srv/nfs"));
  }

  @Test
  void noTextMakesTheParserFailOtherwiseThanBySaying() {
    Random random = new Random(4173);
    String alphabet = ":[]iqnscae.0123456789abcdef-xg:: \u00e4\u3002\ud800";
    for (int round = 0; round < 40_000; round++) {
      StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "" : "iscsi:");
      int length = random.nextInt(40);
      for (int i = 0; i < length; i++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        RootPath path = RootPath.parse(text.toString());
        assertEquals(path, RootPath.parse(path.toString()), text.toString());
      } catch (SyntaxException e) {
        assertTrue(e.offset() >= 0 && e.offset() <= text.length(), text + ": " + e.getMessage());
      }
    }
  }

  @Test
  void randomPathsComeBackAsTheyWere() throws Exception {
    Random random = new Random(5);
    for (int round = 0; round < 5_000; round++) {
      RootPath path =
          new RootPath(
              random.nextBoolean()
                  ? Optional.empty()
                  : Optional.of(ServerName.ofHost(RandomAddress.text(random))),
              random.nextBoolean()
                  ? OptionalInt.empty()
                  : OptionalInt.of(1 + random.nextInt(65535)),
              new Lun(random.nextLong() & RandomAddress.groups(random)),
              new IscsiName("iqn.2026-11.dev.rootstock:" + Long.toHexString(random.nextLong())));
      assertEquals(path, RootPath.parse(path.toString()));
    }
  }
}
