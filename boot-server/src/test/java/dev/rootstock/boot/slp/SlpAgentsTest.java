// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Service agent and directory agent (RFC 2608 §8.5, §8.6, §9.3, §10, §12). */
class SlpAgentsTest {
  private static final Inet4Address PRINTER = Inet4Address.ofLiteral("192.0.2.50");
  private static final Inet4Address OTHER = Inet4Address.ofLiteral("192.0.2.51");
  private static final String URL = "service:printer:lpr://192.0.2.50/draft";
  private static final int SECOND = 1_000_000_000;

  private final List<SlpTarget> targets =
      new ArrayList<>(List.of(SlpResponderTest.target("iqn.2001-04.com.example:sn.45678")));
  private long now;

  private SlpResponder responder(boolean directoryAgent) throws SlpException {
    return new SlpResponder(
        new SlpSettings(
            List.of(SlpResponderTest.NETWORK),
            List.of("DEFAULT", "lab"),
            directoryAgent,
            Optional.of(new InetSocketAddress("192.0.2.3", 3205))),
        FakeTargets.of(targets),
        SlpResponderTest.START,
        () -> now);
  }

  private final SlpResponder agent = newResponder(false);
  private final SlpResponder directory = newResponder(true);

  private SlpResponder newResponder(boolean directoryAgent) {
    try {
      return responder(directoryAgent);
    } catch (SlpException e) {
      throw new AssertionError(e);
    }
  }

  private Optional<SlpBody> ask(
      SlpResponder asked, Inet4Address source, int flags, String language, SlpBody body) {
    now += SECOND;
    byte[] request = new SlpMessage(flags, 7, language, body).encode(Limits.MESSAGE);
    return asked
        .answer(request, source, true, SlpResponderTest.NETWORK)
        .map(
            answer -> {
              try {
                SlpMessage message = SlpMessage.read(ByteBuffer.wrap(answer));
                assertEquals(7, message.xid());
                assertEquals(language, message.language());
                return message.body();
              } catch (SlpException e) {
                throw new AssertionError(e);
              }
            });
  }

  private SlpBody ask(SlpResponder asked, SlpBody body) {
    return ask(asked, SlpResponderTest.CLIENT, 0, "en", body).orElseThrow();
  }

  private Optional<SlpBody> multicast(SlpResponder asked, SlpBody body) {
    return ask(asked, SlpResponderTest.CLIENT, SlpHeader.REQUEST_MCAST, "en", body);
  }

  private static ServiceRequest seek(String type, String scopes, String predicate) {
    return new ServiceRequest("", type, scopes, predicate, "");
  }

  private List<String> urls(String type, String predicate) {
    ServiceReply reply =
        assertInstanceOf(ServiceReply.class, ask(directory, seek(type, "DEFAULT,lab", predicate)));
    assertEquals(0, reply.error());
    return reply.urls().stream().map(UrlEntry::url).toList();
  }

  private static ServiceRegistration printer(int lifetime, String scopes, String attributes) {
    return new ServiceRegistration(
        new UrlEntry(lifetime, URL, 0), "service:printer:lpr", scopes, attributes, 0);
  }

  private int acknowledged(Inet4Address source, int flags, String language, SlpBody body) {
    return assertInstanceOf(
            ServiceAcknowledgment.class,
            ask(directory, source, flags, language, body).orElseThrow())
        .error();
  }

  private int register(ServiceRegistration registration) {
    return acknowledged(PRINTER, SlpHeader.FRESH, "en", registration);
  }

  private String attributes(String url, String tags, String language) {
    AttributeReply reply =
        assertInstanceOf(
            AttributeReply.class,
            ask(
                    directory,
                    SlpResponderTest.CLIENT,
                    0,
                    language,
                    new AttributeRequest("", url, "DEFAULT", tags, ""))
                .orElseThrow());
    return reply.error() + " " + String.join(",", reply.attributes());
  }

  // ---- advertisements

  @Test
  void aServiceAgentAdvertisesItselfByMulticast() {
    AgentAdvert advert =
        assertInstanceOf(
            AgentAdvert.class,
            multicast(agent, seek("service:service-agent", "", "")).orElseThrow());
    assertEquals(
        new AgentAdvert(
            "service:service-agent://192.0.2.3",
            "DEFAULT,lab",
            "(service-type=service:iscsi:target,service:iscsi:sms)"),
        advert);
  }

  /** RFC 2608 §8.6. */
  @ParameterizedTest
  @CsvSource({
    "'', (service-type=service:iscsi:target), true",
    "lab, '', true",
    "'', (service-type=nfs), false",
    "elsewhere, '', false"
  })
  void aServiceAgentAnswersItsOwnScopesAndTypes(String scopes, String predicate, boolean answers) {
    assertEquals(
        answers, multicast(agent, seek("service:service-agent", scopes, predicate)).isPresent());
  }

  @Test
  void aServiceAgentIsNotFoundByUnicast() {
    assertEquals(new ServiceReply(0, List.of()), ask(agent, seek("service:service-agent", "", "")));
  }

  @ParameterizedTest
  @CsvSource({"'', 0", "lab, 0", "elsewhere, 4"})
  void aDirectoryAgentAdvertisesItself(String scopes, int error) {
    SlpBody request = seek("service:directory-agent", scopes, "");
    DirectoryAdvert advert = assertInstanceOf(DirectoryAdvert.class, ask(directory, request));
    assertEquals(error, advert.error());
    assertEquals("service:directory-agent://192.0.2.3", advert.url());
    assertEquals("DEFAULT,lab", advert.scopes());
    assertTrue(advert.bootTimestamp() != 0);
    assertEquals(error == 0, multicast(directory, request).isPresent());
  }

  @Test
  void aDirectoryAgentSaysThatItComesAndGoes() throws Exception {
    DirectoryAdvert leaving = advert(directory.unsolicitedAdvert(SlpResponderTest.NETWORK, true));
    DirectoryAdvert here = advert(directory.unsolicitedAdvert(SlpResponderTest.NETWORK, false));
    assertEquals(0, leaving.bootTimestamp());
    assertEquals(SlpResponderTest.START.getEpochSecond(), here.bootTimestamp());
    assertEquals(Optional.empty(), agent.unsolicitedAdvert(SlpResponderTest.NETWORK, false));
  }

  private static DirectoryAdvert advert(Optional<byte[]> bytes) throws SlpException {
    SlpMessage message = SlpMessage.read(ByteBuffer.wrap(bytes.orElseThrow()));
    assertEquals(0, message.xid()); // RFC 2608 §12.2
    return assertInstanceOf(DirectoryAdvert.class, message.body());
  }

  // ---- what a service agent tells

  /** RFC 4018 §5.3. */
  @Test
  void ourIsnsServerIsFound() {
    assertEquals(
        List.of("service:iscsi:sms://192.0.2.3:3205"),
        urls("service:iscsi:sms", "(protocols=isns)"));
    assertEquals(List.of(), urls("service:iscsi:sms", "(protocols=other)"));
    assertEquals(2, urls("service:iscsi", "").size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:sn.45678; portal*;"
            + " 0 (portal-group=1)",
        "service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:sn.45678; auth-name; '0 '",
        "service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:sn.4567; ; '0 '",
        "service:iscsi:sms; ; 0 (protocols=isns),(transports=tcp),(server-priority=0)",
        "service:printer; ; '0 '"
      })
  void attributesOfOneServiceOrOfAType(String url, String tags, String expected) {
    assertEquals(expected, attributes(url, tags == null ? "" : tags, "en-GB"));
  }

  @Test
  void attributesInAnotherLanguageAreAnError() {
    assertEquals("1 ", attributes("service:iscsi:target", "", "de"));
    assertEquals("0 ", attributes("service:printer", "", "de"));
  }

  @Test
  void attributesOfManyTargetsAreCutAtWholeOnesAndSaySo() throws Exception {
    for (int i = 0; i < 100; i++) {
      targets.add(SlpResponderTest.target("iqn.2001-04.com.example:sn." + i));
    }
    byte[] request =
        new SlpMessage(
                0, 1, "en", new AttributeRequest("", "service:iscsi:target", "DEFAULT", "", ""))
            .encode(Limits.MESSAGE);
    SlpMessage datagram =
        SlpMessage.read(
            ByteBuffer.wrap(
                agent.answer(request, PRINTER, true, SlpResponderTest.NETWORK).orElseThrow()));
    SlpMessage stream =
        SlpMessage.read(
            ByteBuffer.wrap(
                agent.answerStream(request, PRINTER, SlpResponderTest.NETWORK).orElseThrow()));
    assertTrue(datagram.has(SlpHeader.OVERFLOW));
    assertTrue(!stream.has(SlpHeader.OVERFLOW));
    assertTrue(
        ((AttributeReply) stream.body()).attributes().getFirst().contains("sn.99),(portal-group"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "''; service:iscsi:target,service:iscsi:sms",
        "acme; service:scanner.acme:usb",
        "ALL; service:iscsi:target,service:iscsi:sms,service:scanner.acme:usb"
      })
  void serviceTypesByNamingAuthority(String authority, String types) {
    register(
        new ServiceRegistration(
            new UrlEntry(60, "service:scanner.acme:usb://h", 0),
            "service:scanner.acme:usb",
            "DEFAULT",
            "",
            0));
    assertEquals(
        new ServiceTypeReply(0, List.of(types)),
        ask(
            directory,
            new ServiceTypeRequest(
                "",
                authority.equals("ALL") ? Optional.empty() : Optional.of(authority),
                "DEFAULT")));
  }

  // ---- registration

  @Test
  void withoutBeingConfiguredNobodyRegisters() {
    assertEquals(new ServiceAcknowledgment(14), ask(agent, printer(60, "DEFAULT", "(a=1)")));
    assertEquals(
        new ServiceAcknowledgment(14),
        ask(agent, new ServiceDeregistration("DEFAULT", new UrlEntry(0, URL, 0), "")));
  }

  @Test
  void whatIsRegisteredIsFoundUntilItsLifetimeEnds() {
    assertEquals(0, register(printer(60, "DEFAULT", "(name=Igore),x-OK")));
    assertEquals(List.of(URL), urls("service:printer", "(x-ok=*)"));
    assertEquals(List.of(URL), urls("service:printer:lpr", "(name=igore)"));
    assertEquals(List.of(), urls("service:printer:http", ""));
    assertEquals("0 (name=Igore),x-OK", attributes(URL, "", "en"));
    ServiceReply left =
        assertInstanceOf(
            ServiceReply.class, ask(directory, seek("service:printer", "DEFAULT", "")));
    assertTrue(left.urls().getFirst().lifetimeSeconds() < 60);
    now += 60L * SECOND;
    assertEquals(List.of(), urls("service:printer", ""));
  }

  @Test
  void anUpdateAddsAndReplaces() {
    assertEquals(13, acknowledged(PRINTER, 0, "en", printer(60, "DEFAULT", "(a=1)")));
    register(printer(60, "DEFAULT", "(a=1),(b=2),(c=3)"));
    assertEquals(0, acknowledged(PRINTER, 0, "en", printer(60, "DEFAULT", "(c=30),(d=40)")));
    assertEquals("0 (a=1),(b=2),(c=30),(d=40)", attributes(URL, "", "en"));
    assertEquals(4, acknowledged(PRINTER, 0, "en", printer(60, "DEFAULT,lab", "(c=30)")));
    register(printer(60, "DEFAULT", "(e=5)"));
    assertEquals("0 (e=5)", attributes(URL, "", "en"));
  }

  @Test
  void eachLanguageHasItsOwn() {
    register(printer(60, "DEFAULT", "(floor=12th floor)"));
    acknowledged(PRINTER, SlpHeader.FRESH, "de", printer(60, "DEFAULT", "(floor=13te Etage)"));
    assertEquals("0 (floor=13te Etage)", attributes(URL, "", "de"));
    assertEquals("0 (floor=12th floor)", attributes(URL, "", "en"));
    assertEquals(List.of(URL), urls("service:printer", ""));
  }

  @Test
  void deregistrationTakesAttributesOrAll() {
    register(printer(60, "DEFAULT", "(a=1),(b=2)"));
    ServiceDeregistration some =
        new ServiceDeregistration("DEFAULT", new UrlEntry(0, URL, 0), "A*");
    ServiceDeregistration all = new ServiceDeregistration("DEFAULT", new UrlEntry(0, URL, 0), "");
    assertEquals(0, acknowledged(PRINTER, 0, "en", some));
    assertEquals("0 (b=2)", attributes(URL, "", "en"));
    assertEquals(
        4,
        acknowledged(
            PRINTER, 0, "en", new ServiceDeregistration("lab", new UrlEntry(0, URL, 0), "")));
    assertEquals(0, acknowledged(PRINTER, 0, "en", all));
    assertEquals(List.of(), urls("service:printer", ""));
    assertEquals(0, acknowledged(PRINTER, 0, "en", all));
  }

  @ParameterizedTest
  @CsvSource({
    "0, DEFAULT, '', 3",
    "60, elsewhere, '', 4",
    "60, '', '', 4",
    "60, DEFAULT, '(a=1,b)', 3",
    "60, DEFAULT, '(a=', 2",
    "60, DEFAULT, '(iscsi-name=iqn.a:ours)', 3"
  })
  void wrongRegistrationsAreRefused(int lifetime, String scopes, String attributes, int error) {
    assertEquals(error, register(printer(lifetime, scopes, attributes)));
    assertEquals(List.of(), urls("service:printer", ""));
  }

  /** RFC 2608 §11.1: one scope of ours is enough, and ours are the only ones to ask for. */
  @Test
  void aRegistrationInScopesOfOursAndOthersIsOneInOurs() {
    assertEquals(0, register(printer(60, "lab,elsewhere", "")));
    assertEquals(0, acknowledged(PRINTER, 0, "en", printer(60, "elsewhere,lab", "(a=1)")));
    assertEquals(
        List.of(List.of(URL), List.of()),
        Stream.of("lab", "DEFAULT,elsewhere")
            .map(scopes -> ask(directory, seek("service:printer", scopes, "")))
            .map(reply -> ((ServiceReply) reply).urls().stream().map(UrlEntry::url).toList())
            .toList());
    ServiceDeregistration all =
        new ServiceDeregistration("lab,elsewhere", new UrlEntry(0, URL, 0), "");
    assertEquals(0, acknowledged(PRINTER, 0, "en", all));
    assertEquals(List.of(), urls("service:printer", ""));
  }

  /** Else anybody could send machines to a disk of his own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "service:iscsi:target://192.0.2.50:3260/iqn.a:ours",
        "service:iscsi:target://192.0.2.50/IQN.A:Ours/identity",
        "service:iscsi:target://192.0.2.50/iqn.a:\\6furs"
      })
  void nobodyElseAdvertisesOurTargets(String url) {
    assertEquals(
        3,
        register(
            new ServiceRegistration(
                new UrlEntry(60, url, 0), "service:iscsi:target", "DEFAULT", "", 0)));
  }

  @Test
  void onlyTheAddressThatRegisteredChangesIt() {
    register(printer(60, "DEFAULT", "(a=1)"));
    assertEquals(6, acknowledged(OTHER, SlpHeader.FRESH, "en", printer(60, "DEFAULT", "(a=2)")));
    assertEquals(6, acknowledged(OTHER, SlpHeader.FRESH, "de", printer(60, "DEFAULT", "(a=2)")));
    assertEquals(
        6,
        acknowledged(
            OTHER, 0, "en", new ServiceDeregistration("DEFAULT", new UrlEntry(0, URL, 0), "")));
    assertEquals("0 (a=1)", attributes(URL, "", "en"));
  }

  @Test
  void registrationByMulticastIsIgnored() {
    assertEquals(Optional.empty(), multicast(directory, printer(60, "DEFAULT", "")));
    assertEquals(List.of(), urls("service:printer", ""));
  }

  @Test
  void registrationsAreBoundedForOneAddressAndInAll() {
    int taken = 0;
    for (int host = 10; host < 40; host++) {
      Inet4Address source = Inet4Address.ofLiteral("192.0.2." + host);
      for (int i = 0; i < Limits.REGISTRATIONS_OF_ONE + 10; i++) {
        ServiceRegistration registration =
            new ServiceRegistration(
                new UrlEntry(0xFFFF, "service:x://" + host + "/" + i, 0),
                "service:x",
                "DEFAULT",
                "",
                0);
        int error = acknowledged(source, SlpHeader.FRESH, "en", registration);
        assertTrue(error == 0 || error == 11);
        taken += error == 0 ? 1 : 0;
        assertTrue(taken <= (host - 9) * Limits.REGISTRATIONS_OF_ONE);
      }
    }
    assertEquals(Limits.REGISTRATIONS, taken);
  }

  @Test
  void aRegistrationThatGrowsByUpdatesIsBoundedToo() {
    register(printer(0xFFFF, "DEFAULT", "(a=1)"));
    int error = 0;
    for (int i = 0; i < 100 && error == 0; i++) {
      error =
          acknowledged(
              PRINTER,
              0,
              "en",
              printer(0xFFFF, "DEFAULT", "(x" + i + "=" + "y".repeat(1_000) + ")"));
    }
    assertEquals(11, error);
  }
}
