// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers may register and ask, so that others are still answered. */
class SlpFloodTest {
  private static final int SECOND = 1_000_000_000;

  private long now;
  private final SlpResponder directory =
      SlpResponderTest.responder(true, FakeTargets.of(List.of()), () -> now);

  private Optional<SlpBody> ask(int flags, Inet4Address source, SlpBody body) throws SlpException {
    now += SECOND;
    Optional<byte[]> answer =
        directory.answerStream(
            new SlpMessage(flags, 7, "en", body).encode(Limits.STREAM_MESSAGE),
            source,
            SlpResponderTest.NETWORK);
    return answer.isEmpty()
        ? Optional.empty()
        : Optional.of(SlpMessage.read(ByteBuffer.wrap(answer.get())).body());
  }

  private int register(String type, String url, String attributes) throws SlpException {
    return assertInstanceOf(
            ServiceAcknowledgment.class,
            ask(
                    SlpHeader.FRESH,
                    SlpResponderTest.CLIENT,
                    new ServiceRegistration(
                        new UrlEntry(600, url, 0), type, "DEFAULT", attributes, 0))
                .orElseThrow())
        .error();
  }

  /** RFC 2608 §8.6; by multicast only. */
  private AgentAdvert agent() throws SlpException {
    now += SECOND;
    byte[] request =
        new SlpMessage(
                SlpHeader.REQUEST_MCAST,
                7,
                "en",
                new ServiceRequest("", "service:service-agent", "", "", ""))
            .encode(Limits.MESSAGE);
    byte[] answer =
        directory
            .answer(request, SlpResponderTest.CLIENT, false, SlpResponderTest.NETWORK)
            .orElseThrow();
    return assertInstanceOf(AgentAdvert.class, SlpMessage.read(ByteBuffer.wrap(answer)).body());
  }

  /** RFC 2609 §2.1. One that reads as a number or a truth made every advertisement fail. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "true", "service:", "a b", "a\\2cb", "service:a:b:c", "\u00fc"})
  void whatIsNoServiceTypeIsNotRegistered(String type) throws Exception {
    assertEquals(
        SlpError.INVALID_REGISTRATION.code(), register(type, "service:x://192.0.2.77", ""));
    assertTrue(agent().attributes().contains("service-type"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "service:iscsi:target",
        "Service:Printer.acme:lpr",
        "http",
        "service:x-y",
        "z39.50r"
      })
  void whatIsAServiceTypeIsRegistered(String type) throws Exception {
    assertEquals(0, register(type, "service:x://192.0.2.77", ""));
  }

  @Test
  void anAdvertisementHasRoomHoweverManyTypesThereAre() throws Exception {
    String tail = "x".repeat(200);
    for (int i = 0; i < 40; i++) {
      assertEquals(0, register("service:t" + i + tail, "service:t://192.0.2.77/" + i, ""));
    }
    assertTrue(agent().attributes().contains("service:iscsi:target"));
  }

  /** Each value is held against each term of a filter, and joined with those of other services. */
  @Test
  void aServiceHasSoManyValues() throws Exception {
    String most =
        IntStream.range(1, Limits.VALUES)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(","));
    String url = "service:x://192.0.2.77";
    assertEquals(0, register("service:x", url, "(a=" + most + ")"));
    int refused = SlpError.INVALID_REGISTRATION.code();
    assertEquals(refused, register("service:x", url, "(a=" + most + ",0)"));
    assertEquals(
        refused,
        register(
            "service:x",
            url,
            IntStream.rangeClosed(0, Limits.VALUES)
                .mapToObj(i -> "k" + i)
                .collect(Collectors.joining(","))));
  }

  @Test
  void theValuesOfManyServicesAreToldOnce() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertEquals(0, register("service:x", "service:x://192.0.2.77/" + i, "(A=1,2,1" + i + ")"));
    }
    AttributeReply reply =
        assertInstanceOf(
            AttributeReply.class,
            ask(
                    0,
                    SlpResponderTest.CLIENT,
                    new AttributeRequest("", "service:x", "DEFAULT", "", ""))
                .orElseThrow());
    assertEquals(0, reply.error());
    assertEquals(List.of("(A=1,2,10,11,12,13,14)"), reply.attributes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.255", "192.0.2.0"})
  void theNetworkItselfAsksNothing(String address) throws Exception {
    assertEquals(
        Optional.empty(),
        ask(
            0,
            Inet4Address.ofLiteral(address),
            new ServiceRequest("", "service:iscsi:target", "DEFAULT", "", "")));
  }
}
