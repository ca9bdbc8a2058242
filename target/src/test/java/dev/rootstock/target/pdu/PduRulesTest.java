// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a decoder refuses as a format error (RFC 7143 §7.7), and what it takes as it comes. */
class PduRulesTest {

  @ParameterizedTest
  @CsvSource({
    "0, 01, 11, neither F nor W (§11.3.1)",
    "0, 04, c0, F and C in a text request (§11.10.2)",
    "4, 00, 80, additional header segments with a NOP-Out (§11.2.1.5)",
    "4, 05, 80, additional header segments with Data-Out (§11.2.1.5)",
  })
  void aFormatErrorIsMalformed(int ahsBytes, String opcode, String flags, String why) {
    ByteBuf header = header(opcode, flags, ahsBytes);
    assertThrows(
        MalformedPduException.class,
        () -> InitiatorPdu.decode(header, 0, Unpooled.EMPTY_BUFFER),
        why);
  }

  @ParameterizedTest
  @CsvSource({"02, 81", "06, 80", "10, 80"})
  void aDataSegmentWhereNoneMayBeIsMalformedAndReleased(String opcode, String flags) {
    ByteBuf data = Unpooled.buffer(4).writeInt(1);
    assertThrows(
        MalformedPduException.class, () -> InitiatorPdu.decode(header(opcode, flags, 0), 0, data));
    assertEquals(0, data.refCnt());
  }

  @ParameterizedTest
  @CsvSource({"07", "0f", "1c", "20", "25", "3f"})
  void anUnknownOpcodeKeepsItsHeaderForTheReject(String opcode) throws Exception {
    ByteBuf data = Unpooled.buffer(4).writeInt(1);
    ByteBuf header = header(opcode, "80", 0);
    UnknownRequest unknown =
        assertInstanceOf(UnknownRequest.class, InitiatorPdu.decode(header, 0, data));
    assertEquals(Integer.parseInt(opcode, 16), unknown.opcode());
    assertEquals(header, unknown.header());
    assertEquals(0, data.refCnt());
  }

  @ParameterizedTest
  @CsvSource({
    "00010100 00000000, an extended CDB that is empty",
    "00ff0100 00000000, longer than its room",
    "00050200 00000001 00050200 00000001, two read lengths",
    "00020100 a1000000 00020100 a1000000, two extended CDBs",
    "00040200 00000001, a read length of three bytes",
    "00000000, of no length",
  })
  void abadAdditionalHeaderSegmentIsMalformed(String segments, String why) {
    byte[] bytes = HexFormat.of().parseHex(segments.replace(" ", ""));
    ByteBuf header = header("01", "a1", bytes.length);
    header.setBytes(Bhs.BYTES, bytes);
    assertThrows(
        MalformedPduException.class,
        () -> InitiatorPdu.decode(header, 0, Unpooled.EMPTY_BUFFER),
        why);
  }

  /** §11: no format error, but something to be told of. */
  @ParameterizedTest
  @CsvSource({
    "01, 81, '', false",
    "01, 84, '', false",
    "01, 85, '', true",
    "01, 87, '', true",
    "01, 81, 0002010011000000, false",
    "01, 81, 0005000000000000, true",
    "01, 81, 0005030000000000, true",
    "01, 81, 00053f0000000000, true",
    "06, 82, '', false",
    "06, 83, '', true",
    "06, ff, '', true",
  })
  void reservedCodesAreKnown(String opcode, String flags, String segments, boolean reserved)
      throws Exception {
    byte[] bytes = HexFormat.of().parseHex(segments);
    ByteBuf header = header(opcode, flags, bytes.length);
    header.setBytes(Bhs.BYTES, bytes);
    assertEquals(
        reserved,
        switch (InitiatorPdu.decode(header, 0, Unpooled.EMPTY_BUFFER)) {
          case ScsiCommand command -> command.hasReservedCode();
          case LogoutRequest logout -> logout.hasReservedCode();
          default -> throw new AssertionError("another PDU");
        });
  }

  /** Receivers ignore reserved bits (§11). */
  @Test
  void reservedBitsAreIgnored() throws Exception {
    ByteBuf header = header("c6", "80", 0);
    header.setLong(Bhs.LUN, -1);
    header.setInt(44, -1);
    LogoutRequest logout =
        assertInstanceOf(
            LogoutRequest.class, InitiatorPdu.decode(header, 0, Unpooled.EMPTY_BUFFER));
    assertEquals(LogoutRequest.CLOSE_SESSION, logout.reason());
  }

  /** Whatever 48 bytes come: a record, or a format error, and never anything else. */
  @Test
  void randomHeadersAreDecodedOrMalformed() {
    Random random = new Random(7143);
    byte[] bytes = new byte[Bhs.BYTES + 1020];
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(bytes);
      ByteBuf in = Unpooled.wrappedBuffer(bytes);
      try {
        InitiatorPdu.decode(in, 0, Unpooled.EMPTY_BUFFER).itt();
      } catch (MalformedPduException e) {
        assertEquals(0, e.getStackTrace().length);
      }
      try {
        TargetPdu.decode(in, 0, Unpooled.EMPTY_BUFFER).itt();
      } catch (MalformedPduException e) {
        assertEquals(0, e.getStackTrace().length);
      }
    }
  }

  @Test
  void whatIsDecodedIsEncodedTheSame() throws Exception {
    Random random = new Random(3720);
    byte[] bytes = new byte[Bhs.BYTES];
    int seen = 0;
    while (seen < 2000) {
      random.nextBytes(bytes);
      bytes[Bhs.TOTAL_AHS_LENGTH] = 0;
      InitiatorPdu pdu;
      try {
        pdu = InitiatorPdu.decode(Unpooled.wrappedBuffer(bytes), 0, Unpooled.EMPTY_BUFFER);
      } catch (MalformedPduException e) {
        continue;
      }
      ByteBuf out = Unpooled.buffer();
      pdu.encodeHeader(out);
      assertEquals(pdu, InitiatorPdu.decode(out, 0, Unpooled.EMPTY_BUFFER));
      seen++;
    }
  }

  private static ByteBuf header(String opcode, String flags, int ahsBytes) {
    byte[] bytes = new byte[Bhs.BYTES + ahsBytes];
    bytes[0] = (byte) Integer.parseInt(opcode, 16);
    bytes[1] = (byte) Integer.parseInt(flags, 16);
    bytes[Bhs.TOTAL_AHS_LENGTH] = (byte) (ahsBytes / 4);
    return Unpooled.wrappedBuffer(bytes);
  }
}
