// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 4171 §5.1 to §5.3, §6.1. */
class IsnsMessageTest {

  static IsnsMessage query(List<IsnsAttribute> attributes) {
    return IsnsMessage.request(
        IsnsFunction.DEVICE_QUERY, IsnsMessage.FROM_CLIENT, 0xABCD, attributes);
  }

  /** Takes a message's PDUs one by one. */
  static Optional<IsnsMessage> assemble(byte[] pdus, int most) throws IsnsException {
    IsnsAssembler assembler = new IsnsAssembler(most);
    ByteBuffer in = ByteBuffer.wrap(pdus);
    Optional<IsnsMessage> last = Optional.empty();
    while (in.hasRemaining()) {
      IsnsAssembler.Header header = IsnsAssembler.Header.read(in);
      byte[] payload = new byte[header.length()];
      in.get(payload);
      last = assembler.take(header, payload);
      assertEquals(in.hasRemaining(), last.isEmpty());
    }
    return last;
  }

  /** By hand, from the figures of §5 and §5.3. */
  @Test
  void isWrittenAsTheFiguresHaveIt() {
    assertEquals(
        "0001"
            + "0002"
            + "0020"
            + "8c00"
            + "abcd"
            + "0000"
            + "00000020"
            + "00000008"
            + "69716e2e61000000"
            + "00000000"
            + "00000000"
            + "00000021"
            + "00000000",
        HexFormat.of()
            .formatHex(
                query(
                        List.of(
                            IsnsAttribute.of(Tag.NODE_NAME, "iqn.a"),
                            IsnsAttribute.DELIMITER,
                            IsnsAttribute.empty(Tag.NODE_TYPE)))
                    .encode()));
  }

  @Test
  void everyFormOfValueComesBack() throws Exception {
    IsnsMessage message =
        query(
                List.of(
                    IsnsAttribute.of(Tag.NODE_NAME, "iqn.2001-04.com.example:gr\u00fcn"),
                    IsnsAttribute.of(Tag.PORTAL_ADDRESS, InetAddress.ofLiteral("10.77.0.1")),
                    IsnsAttribute.of(Tag.PORTAL_ADDRESS, InetAddress.ofLiteral("2001:db8::1")),
                    IsnsAttribute.of(Tag.PORTAL_PORT, 3260),
                    IsnsAttribute.of(Tag.TIMESTAMP, 1_800_000_000L)))
            .answered(IsnsMessage.FROM_SERVER, IsnsStatus.BUSY, List.of());
    assertEquals(12, message.status().orElseThrow());
    IsnsMessage again = assemble(message.encode(), Limits.REQUEST).orElseThrow();
    assertEquals(message.function(), again.function());
    assertEquals(message.status(), again.status());
    assertEquals(
        "10.77.0.1",
        IsnsAttribute.of(Tag.PORTAL_ADDRESS, InetAddress.ofLiteral("10.77.0.1"))
            .address()
            .getHostAddress());
  }

  @Test
  void aLongMessageTakesSeveralPdus() throws Exception {
    List<IsnsAttribute> attributes = new ArrayList<>();
    for (int i = 0; i < 700; i++) {
      attributes.add(IsnsAttribute.of(Tag.NODE_ALIAS, "x".repeat(200) + i));
    }
    byte[] pdus = query(attributes).encode();
    assertEquals(0x8400, ByteBuffer.wrap(pdus).getShort(6) & 0xFFFF, "the first, and not the last");
    assertEquals(attributes, assemble(pdus, 1 << 20).orElseThrow().attributes());
    assertThrows(IsnsException.class, () -> assemble(pdus, Limits.REQUEST));
  }

  @Test
  void pdusThatDoNotBelongTogetherAreRefusedAndTheNextMessageIsRead() throws Exception {
    byte[] whole = query(List.of(IsnsAttribute.of(Tag.NODE_NAME, "iqn.a"))).encode();
    IsnsAssembler assembler = new IsnsAssembler(Limits.REQUEST);
    byte[] payload = Arrays.copyOfRange(whole, 12, whole.length);
    IsnsAssembler.Header first = new IsnsAssembler.Header(1, 2, payload.length, 0x8400, 7, 0);
    for (IsnsAssembler.Header next :
        List.of(
            new IsnsAssembler.Header(1, 2, payload.length, 0x8800, 7, 2),
            new IsnsAssembler.Header(1, 2, payload.length, 0x8800, 8, 1),
            new IsnsAssembler.Header(1, 3, payload.length, 0x8800, 7, 1))) {
      assertEquals(Optional.empty(), assembler.take(first, payload));
      assertThrows(IsnsException.class, () -> assembler.take(next, payload));
      assertThrows(IsnsException.class, () -> assembler.take(next, payload), "without a first one");
      assertTrue(
          assembler
              .take(new IsnsAssembler.Header(1, 2, payload.length, 0x8C00, 9, 0), payload)
              .isPresent());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "00000020 00000005 6162630000, a length that is no multiple of 4",
    "00000020 00000008 61620000, cut off",
    "00000020, cut off in its head",
    "00000020 80000000, a negative length",
    "00000020 00000004 61626364, no end",
    "00000020 00000008 6162000000000100, something behind the end",
    "00000020 00000004 ff000000, no UTF-8",
    "00000011 00000008 0000000000000001, a number of 8 bytes",
    "00000010 00000004 7f000001, an address of 4 bytes"
  })
  void valuesThatAreNoneAreRefused(String hex, String why) {
    ByteBuffer payload = ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", "")));
    IsnsException error =
        assertThrows(IsnsException.class, () -> IsnsMessage.read(2, 0, 1, payload), why);
    assertEquals(IsnsStatus.MESSAGE_FORMAT_ERROR, error.status());
  }

  /** Open-iSNS sends IPv4 addresses so; RFC 4171 §6.2.3 has ::ffff:10.77.0.1. */
  @ParameterizedTest
  @ValueSource(strings = {"00000000000000000000ffff0a4d0001", "0000000000000000000000000a4d0001"})
  void bothFormsOfIpv4WithinIpv6AreRead(String hex) throws Exception {
    assertEquals(
        "10.77.0.1",
        IsnsAttribute.of(Tag.PORTAL_ADDRESS.number(), HexFormat.of().parseHex(hex))
            .address()
            .getHostAddress());
  }
}
