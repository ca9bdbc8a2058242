// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every message, written and read. */
class SlpMessageTest {

  static List<SlpBody> bodies() {
    return List.of(
        new ServiceRequest("192.0.2.9", "service:iscsi:target", "DEFAULT,b", "(a=b)", "spi"),
        new ServiceReply(0, List.of(new UrlEntry(300, "service:x://a", 0))),
        new ServiceReply(0, List.of()),
        new ServiceRegistration(
            new UrlEntry(60, "service:x://\u00e4", 0), "service:x", "DEFAULT", "(a=b),c", 0),
        new ServiceDeregistration("DEFAULT", new UrlEntry(0, "service:x://a", 0), "a*,b"),
        new ServiceAcknowledgment(15),
        new AttributeRequest("", "service:x://a", "DEFAULT", "a*", ""),
        new AttributeReply(0, List.of("(a=b),(c=d)")),
        new AttributeReply(4, List.of()),
        new DirectoryAdvert(0, -5, "service:directory-agent://192.0.2.3", "DEFAULT", "(a=b)", "s"),
        new ServiceTypeRequest("", Optional.empty(), "DEFAULT"),
        new ServiceTypeRequest("192.0.2.9", Optional.of("acme"), "DEFAULT"),
        new ServiceTypeReply(0, List.of("service:a,service:b")),
        new AgentAdvert(
            "service:service-agent://192.0.2.3", "DEFAULT", "(service-type=service:x)"));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void comesBackAsItWas(SlpBody body) throws Exception {
    SlpMessage message = new SlpMessage(SlpHeader.FRESH, 0xBEEF, "en-GB", body);
    byte[] bytes = message.encode(Limits.MESSAGE);
    assertEquals(message, SlpMessage.read(ByteBuffer.wrap(bytes)));
    assertEquals(body.function().id(), bytes[1]);
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void everyCutIsRefused(SlpBody body) {
    byte[] bytes = new SlpMessage(0, 1, "en", body).encode(Limits.MESSAGE);
    boolean error = bytes[17] != 0; // an error may end the message after its code
    for (int length = error ? 19 : 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      if (length >= 5) {
        cut[4] = (byte) length;
      }
      assertThrows(SlpException.class, () -> SlpMessage.read(ByteBuffer.wrap(cut)), "at " + length);
    }
  }

  /** RFC 2608 §9.2: user agents without keys step over authentication blocks. */
  @ParameterizedTest
  @MethodSource("authenticated")
  void authenticationBlocksAreSteppedOver(int length, boolean accepted) throws Exception {
    byte[] plain =
        new SlpMessage(0, 1, "en", new ServiceReply(0, List.of(new UrlEntry(9, "a:b", 0))))
            .encode(Limits.MESSAGE);
    ByteBuffer signed = ByteBuffer.allocate(plain.length + 14).put(plain);
    signed.put(plain.length - 1, (byte) 1).putShort((short) 2).putShort((short) length);
    signed.put(4, (byte) signed.capacity());
    if (accepted) {
      ServiceReply reply =
          (ServiceReply) SlpMessage.read(signed.flip().limit(signed.capacity())).body();
      assertEquals(List.of(new UrlEntry(9, "a:b", 1)), reply.urls());
    } else {
      assertThrows(
          SlpException.class, () -> SlpMessage.read(signed.flip().limit(signed.capacity())));
    }
  }

  static List<Object[]> authenticated() {
    return List.of(
        new Object[] {14, true},
        new Object[] {13, false},
        new Object[] {15, false},
        new Object[] {0, false},
        new Object[] {65535, false});
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void fitsEveryLengthThatItsFixedFieldsFit(SlpBody body) throws Exception {
    byte[] whole = new SlpMessage(0, 1, "en", body).encode(Limits.MESSAGE);
    byte[] exact = new SlpMessage(0, 1, "en", body).encode(whole.length);
    assertArrayEquals(whole, exact);
  }
}
