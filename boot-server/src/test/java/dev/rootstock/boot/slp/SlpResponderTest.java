// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 2608 §7 and §8, RFC 4018 §5.2. */
class SlpResponderTest {
  static final Inet4Address CLIENT = Inet4Address.ofLiteral("192.0.2.77");
  static final Instant START = Instant.ofEpochSecond(1_800_000_000);
  static final SlpNetwork NETWORK = new SlpNetwork("br0", Inet4Address.ofLiteral("192.0.2.3"), 24);
  private static final SlpNetwork OTHER =
      new SlpNetwork("br1", Inet4Address.ofLiteral("198.51.100.3"), 24);

  private final List<SlpTarget> targets =
      new ArrayList<>(List.of(target("iqn.2001-04.com.example:sn.45678")));
  private long now;
  private final SlpResponder responder = newResponder();

  static SlpTarget target(String name) {
    return new SlpTarget(new IscsiName(name), new ServerName("192.0.2.3"), 3260, 1, SlpAccess.OPEN);
  }

  private SlpResponder newResponder() {
    return responder(false, FakeTargets.of(targets), () -> now);
  }

  static SlpResponder responder(boolean directoryAgent, SlpTargets targets, LongSupplier clock) {
    try {
      return new SlpResponder(
          new SlpSettings(
              List.of(NETWORK, OTHER), List.of("DEFAULT"), directoryAgent, Optional.empty()),
          targets,
          START,
          clock);
    } catch (SlpException e) {
      throw new AssertionError(e);
    }
  }

  static byte[] golden(String name) {
    try (InputStream in =
        Objects.requireNonNull(SlpResponderTest.class.getResourceAsStream(name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<byte[]> unicast(byte[] message) {
    return responder.answer(message, CLIENT, true, NETWORK);
  }

  private static int error(Optional<byte[]> reply) {
    byte[] message = reply.orElseThrow();
    int tag = ByteBuffer.wrap(message).getShort(12);
    return ByteBuffer.wrap(message).getShort(14 + tag);
  }

  private static int count(byte[] reply) {
    return ByteBuffer.wrap(reply).getShort(14 + 2 + 2);
  }

  // ---- golden messages

  @ParameterizedTest
  @CsvSource({
    "unicast-request.bin, unicast-reply.bin",
    "multicast-request.bin, multicast-reply.bin",
    "attribute-request.bin, attribute-reply.bin",
    "service-type-request.bin, service-type-reply.bin",
    "registration.bin, registration-refused-ack.bin"
  })
  void answersByteForByte(String request, String reply) {
    assertArrayEquals(golden(reply), unicast(golden(request)).orElseThrow());
  }

  @Test
  void anEmptyAnswerIsSaidByUnicastOnly() {
    targets.clear();
    assertArrayEquals(
        golden("empty-reply.bin"), unicast(golden("unicast-request.bin")).orElseThrow());
    assertEquals(Optional.empty(), unicast(golden("multicast-request.bin")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ourNamesInUrlsAreThoseOfRfc4018(boolean beyondAscii) {
    String name = "iqn.2001-04.com.example:" + (beyondAscii ? "gr\u00f6\u00e9e" : "a-b.c:d");
    String path = beyondAscii ? "gr\\c3\\b6\\c3\\a9e" : "a-b.c:d";
    assertEquals(
        "service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:" + path,
        target(name).url());
    assertEquals(
        "service:iscsi:target://[2001:db8:0:0:0:0:0:1]:860/" + "iqn.2001-04.com.example",
        new SlpTarget(
                new IscsiName("iqn.2001-04.com.example"),
                new ServerName("[2001:db8:0:0:0:0:0:1]"),
                860,
                1,
                SlpAccess.OPEN)
            .url());
  }

  // ---- previous responders

  @ParameterizedTest
  @ValueSource(
      strings = {"192.0.2.3", "192.0.2.9,192.0.2.3", "nonsense, 192.0.2.3 ,", "198.51.100.3"})
  void isSilentWhenItHasAnsweredBefore(String previous) {
    assertEquals(Optional.empty(), unicast(new Rqst().previous(previous).bytes()));
    assertEquals(Optional.empty(), unicast(new Rqst().multicast().previous(previous).bytes()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "192.0.2.30", "192.0.2", "nonsense", ",,,"})
  void otherPreviousRespondersDoNotMatter(String previous) {
    assertTrue(unicast(new Rqst().multicast().previous(previous).bytes()).isPresent());
  }

  // ---- scopes, SPI, types

  @ParameterizedTest
  @CsvSource({"DEFAULT, 0", "default, 0", "'a,  Default ', 0", "a, 4", "'', 4", "DEFAULTS, 4"})
  void scopesAreIntersected(String scopes, int error) {
    byte[] request = new Rqst().scopes(scopes).bytes();
    assertEquals(error, error(unicast(request)));
    assertEquals(error == 0, responder.answer(request, CLIENT, false, NETWORK).isPresent());
  }

  @Test
  void aScopeErrorHasNoUrls() {
    byte[] request = golden("unicast-request.bin");
    byte[] other =
        new String(request, StandardCharsets.ISO_8859_1)
            .replace("DEFAULT", "DEFAULX")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertArrayEquals(golden("scope-error-reply.bin"), unicast(other).orElseThrow());
  }

  @Test
  void anSpiIsUnknown() {
    assertEquals(5, error(unicast(new Rqst().spi("key-1").bytes())));
    assertEquals(Optional.empty(), unicast(new Rqst().multicast().spi("key-1").bytes()));
  }

  @ParameterizedTest
  @CsvSource({
    "service:iscsi:target, 1",
    "SERVICE:ISCSI:Target, 1",
    "service:iscsi, 1",
    "service:iscsi:sms, 0",
    "service:iscsi:target.example, 0",
    "service:printer, 0"
  })
  void matchesTheServiceTypeAndItsAbstractType(String type, int urls) {
    assertEquals(urls, count(unicast(new Rqst().type(type).bytes()).orElseThrow()));
  }

  @Test
  void aMissingServiceTypeIsAParseError() {
    assertEquals(2, error(unicast(new Rqst().type("").bytes())));
  }

  /** RFC 2608 §11.2; we are no directory agent here. */
  @Test
  void directoryAgentsAreSoughtWithoutScopes() {
    String type = "service:directory-agent";
    byte[] reply = unicast(new Rqst().type(type).scopes("").bytes()).orElseThrow();
    assertEquals(0, error(Optional.of(reply)));
    assertEquals(0, count(reply));
    assertEquals(Optional.empty(), unicast(new Rqst().multicast().type(type).scopes("").bytes()));
  }

  // ---- predicates

  @ParameterizedTest
  @CsvSource({
    "(iscsi-name=iqn.2001-04.com.example:sn.45678), 1",
    "( ISCSI-Name = IQN.2001-04.com.example:SN.45678 ), 1",
    "(iscsi-name=iqn.2001-04.com.example:sn.4567), 0",
    "(transports=TCP), 1",
    "(transports=sctp), 0",
    "(portal-group=1), 1",
    "(portal-group=01), 1",
    "(portal-group=2), 0",
    "(portal-group=one), 0",
    "(auth-name=any), 1",
    "(boot-list=iqn.1998-03.com.example:hostid.045A7B), 0",
    "(x-colour=red), 0",
    "'  ', 1"
  })
  void honoursOneEquality(String predicate, int urls) {
    byte[] reply = unicast(new Rqst().predicate(predicate).bytes()).orElseThrow();
    assertEquals(0, error(Optional.of(reply)));
    assertEquals(urls, count(reply));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", "(", "()", "(x)", "(=x)", "(x=)", "x=y", "(x=\\41)", "(x=\\2)", "(x=y))"})
  void refusesWhatIsNoFilter(String predicate) {
    assertEquals(2, error(unicast(new Rqst().predicate(predicate).bytes())));
  }

  /** RFC 2608 §8.1: with a predicate, the language has to match, its dialect aside. */
  @Test
  void aPredicateIsReadInTheLanguageOfWhatIsAdvertised() {
    assertEquals(
        1, error(unicast(new Rqst().language("de").predicate("(transports=tcp)").bytes())));
    assertEquals(
        0, error(unicast(new Rqst().language("EN-gb").predicate("(transports=tcp)").bytes())));
    assertEquals(0, error(unicast(new Rqst().language("de").bytes())));
  }

  // ---- malformed messages

  @Test
  void anotherVersionIsRefusedByUnicast() {
    byte[] request = golden("unicast-request.bin");
    request[0] = 1;
    assertEquals(9, error(unicast(request)));
    assertEquals(Optional.empty(), responder.answer(request, CLIENT, false, NETWORK));
  }

  @Test
  void everyCutIsAParseErrorByUnicastAndSilenceByMulticast() {
    byte[] request = golden("unicast-request.bin");
    for (int length = 12; length < request.length; length++) {
      byte[] cut = Arrays.copyOf(request, length);
      assertEquals(2, error(unicast(cut)), "cut to " + length);
      if (length >= 5) {
        cut[4] = (byte) length; // even where the header agrees with the cut
        assertEquals(2, error(unicast(cut)), "cut to " + length);
      }
      assertEquals(Optional.empty(), responder.answer(cut, CLIENT, false, NETWORK));
      now += 1_000_000_000L;
    }
  }

  @Test
  void whatIsTooShortToNameItsQuestionIsIgnored() {
    for (int length = 0; length < 12; length++) {
      assertEquals(Optional.empty(), unicast(Arrays.copyOf(golden("unicast-request.bin"), length)));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 5, 7, 8, 10, 11, 12, 255})
  void repliesAndUnknownFunctionsAreIgnored(int function) {
    byte[] request = golden("unicast-request.bin");
    request[1] = (byte) function;
    assertEquals(Optional.empty(), unicast(request));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "e1", "toolonglang", "en-", "en_GB", "-en"})
  void aLanguageTagThatIsNoneIsAParseErrorInEnglish(String language) {
    byte[] reply = unicast(new Rqst().language(language).bytes()).orElseThrow();
    assertEquals(2, error(Optional.of(reply)));
    assertEquals("en", new String(reply, 14, 2, StandardCharsets.US_ASCII));
  }

  /** RFC 2608 §9.1. */
  @ParameterizedTest
  @CsvSource({"0001, 0", "3fff, 0", "4000, 12", "7fff, 12", "8000, 0"})
  void extensionsThatMustBeKnownAreRefused(String id, int error) {
    byte[] request = new Rqst().extension(Integer.parseInt(id, 16), 0).bytes();
    assertEquals(error, error(unicast(request)));
  }

  @Test
  void extensionsThatGoInCirclesAreRefused() {
    Rqst request = new Rqst().extension(1, -1);
    assertEquals(2, error(unicast(request.bytes())));
  }

  @Test
  void hostileMessagesAreAnsweredOrIgnoredAndNothingElse() {
    Random random = new Random(2608);
    List<byte[]> seeds =
        List.of(
            golden("unicast-request.bin"),
            golden("multicast-request.bin"),
            golden("query1-request.bin"),
            golden("attribute-request.bin"),
            new Rqst().extension(1, 0).bytes());
    int answered = 0;
    for (int round = 0; round < 40_000; round++) {
      byte[] message = seeds.get(random.nextInt(seeds.size())).clone();
      for (int i = random.nextInt(5); i >= 0; i--) {
        message[random.nextInt(message.length)] = (byte) random.nextInt(256);
      }
      if (random.nextInt(8) == 0) {
        message = Arrays.copyOf(message, random.nextInt(message.length + 40));
      }
      now += 100_000_000L;
      Optional<byte[]> reply = unicast(message);
      reply.ifPresent(bytes -> assertEquals(bytes.length, ByteBuffer.wrap(bytes).getShort(3)));
      answered += reply.isPresent() ? 1 : 0;
    }
    assertTrue(answered > 10_000, "only " + answered + " were answered");
  }

  // ---- bounds

  @Test
  void anAnswerIsCutAtWholeUrlsAndSaysSo() {
    targets.clear();
    for (int i = 0; i < 100; i++) {
      targets.add(target("iqn.2001-04.com.example:sn." + (10_000 + i)));
    }
    byte[] reply = unicast(new Rqst().bytes()).orElseThrow();
    int entry = 6 + targets.getFirst().url().length();
    int fit = (1400 - (14 + 2 + 4)) / entry;

    assertEquals(fit, count(reply));
    assertEquals(20 + fit * entry, reply.length);
    assertEquals(0x80, reply[5] & 0xFF, "the overflow flag");
    assertEquals(0, unicast(golden("multicast-request.bin")).orElseThrow()[6]);
  }

  @Test
  void anAnswerThatFitsDoesNotOverflow() {
    assertEquals(0, unicast(new Rqst().bytes()).orElseThrow()[5]);
  }

  @Test
  void whoIsNotOnTheLinkIsNotAnswered() {
    byte[] request = golden("unicast-request.bin");
    for (String far : List.of("192.0.3.1", "8.8.8.8", "198.51.100.9")) {
      assertEquals(
          Optional.empty(), responder.answer(request, Inet4Address.ofLiteral(far), true, NETWORK));
    }
  }

  @Test
  void oneThatAsksTooOftenTakesNobodyElsesShare() {
    int answers = 0;
    for (int i = 0; i < 10_000; i++) {
      answers += unicast(golden("unicast-request.bin")).isPresent() ? 1 : 0;
    }
    assertEquals(Limits.ANSWER_BURST_OF_ONE, answers);
    assertTrue(
        responder
            .answer(
                golden("unicast-request.bin"), Inet4Address.ofLiteral("192.0.2.78"), true, NETWORK)
            .isPresent());
    now += 1_000_000_000L;
    assertTrue(unicast(golden("unicast-request.bin")).isPresent());
  }

  @Test
  void answersHaveARateInAll() {
    int answers = 0;
    for (int i = 0; i < 200; i++) {
      for (int host = 100; host < 200; host++) {
        Inet4Address source = Inet4Address.ofLiteral("192.0.2." + host);
        answers +=
            responder.answer(golden("unicast-request.bin"), source, true, NETWORK).isPresent()
                ? 1
                : 0;
      }
    }
    assertEquals(Limits.ANSWER_BURST, answers);
  }

  @Test
  void targetsAreAskedForTheSource() {
    SlpResponder selective =
        responder(
            false,
            new FakeTargets((source, _) -> source.equals(CLIENT) ? targets : List.of()),
            () -> now);
    byte[] request = golden("unicast-request.bin");
    assertEquals(1, count(selective.answer(request, CLIENT, true, NETWORK).orElseThrow()));
    assertEquals(
        0,
        count(
            selective
                .answer(request, Inet4Address.ofLiteral("192.0.2.78"), true, NETWORK)
                .orElseThrow()));
  }
}
