// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A message (RFC 4171 §5), put together from its PDUs.
 *
 * @param function the number of a request, or of a response
 * @param flags {@link #FROM_CLIENT}, {@link #FROM_SERVER}, {@link #REPLACE}
 * @param transaction 0 to 65535
 * @param status what a response begins with
 * @param attributes in their order, delimiters included
 */
record IsnsMessage(
    int function, int flags, int transaction, OptionalInt status, List<IsnsAttribute> attributes) {
  static final int VERSION = 1;

  /** Bytes before a PDU's payload. */
  static final int HEADER = 12;

  static final int FROM_CLIENT = 0x8000;
  static final int FROM_SERVER = 0x4000;
  static final int AUTHENTICATED = 0x2000;
  static final int REPLACE = 0x1000;
  static final int LAST_PDU = 0x0800;
  static final int FIRST_PDU = 0x0400;

  IsnsMessage {
    attributes = List.copyOf(attributes);
  }

  static IsnsMessage request(
      IsnsFunction function, int flags, int transaction, List<IsnsAttribute> attributes) {
    return new IsnsMessage(function.id(), flags, transaction, OptionalInt.empty(), attributes);
  }

  /** The answer to a request, from either side. */
  IsnsMessage answered(int from, IsnsStatus status, List<IsnsAttribute> answer) {
    return new IsnsMessage(
        function | IsnsFunction.RESPONSE, from, transaction, OptionalInt.of(status.code()), answer);
  }

  boolean isResponse() {
    return (function & IsnsFunction.RESPONSE) != 0;
  }

  boolean has(int flag) {
    return (flags & flag) != 0;
  }

  /** Reads what the payloads of all its PDUs hold together. */
  static IsnsMessage read(int function, int flags, int transaction, ByteBuffer payload)
      throws IsnsException {
    boolean response = (function & IsnsFunction.RESPONSE) != 0;
    OptionalInt status = OptionalInt.empty();
    if (response) {
      if (payload.remaining() < 4) {
        throw wrong("a response has no status");
      }
      status = OptionalInt.of(payload.getInt());
    }
    List<IsnsAttribute> attributes = new ArrayList<>();
    while (payload.hasRemaining()) {
      if (payload.remaining() < IsnsAttribute.HEAD) {
        throw wrong("an attribute is cut off");
      }
      int tag = payload.getInt();
      int length = payload.getInt();
      if (length < 0 || length % 4 != 0 || length > payload.remaining()) {
        throw wrong("the length of attribute " + tag + " is wrong");
      }
      if (!response && attributes.size() == Limits.ATTRIBUTES) {
        throw wrong("too many attributes");
      }
      byte[] value = new byte[length];
      payload.get(value);
      attributes.add(IsnsAttribute.of(tag, value));
    }
    return new IsnsMessage(function, flags, transaction, status, attributes);
  }

  /** The message as its PDUs, one after the other; more than one where it is long (§5.2). */
  byte[] encode() {
    int length = status.isPresent() ? 4 : 0;
    for (IsnsAttribute each : attributes) {
      length += each.length();
    }
    ByteBuffer payload = ByteBuffer.allocate(length);
    status.ifPresent(payload::putInt);
    attributes.forEach(each -> each.write(payload));
    payload.flip();
    int pdus = Math.max(1, (length + Limits.PAYLOAD - 1) / Limits.PAYLOAD);
    ByteBuffer out = ByteBuffer.allocate(length + pdus * HEADER);
    for (int sequence = 0; sequence < pdus; sequence++) {
      int part = Math.min(Limits.PAYLOAD, payload.remaining());
      int place = (sequence == 0 ? FIRST_PDU : 0) | (sequence == pdus - 1 ? LAST_PDU : 0);
      out.putShort((short) VERSION).putShort((short) function).putShort((short) part);
      out.putShort((short) (flags | place)).putShort((short) transaction);
      out.putShort((short) sequence);
      out.put(payload.slice(payload.position(), part));
      payload.position(payload.position() + part);
    }
    return out.array();
  }

  private static IsnsException wrong(String problem) {
    return new IsnsException(IsnsStatus.MESSAGE_FORMAT_ERROR, problem);
  }
}
