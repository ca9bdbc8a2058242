// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Puts the PDUs of one connection together to messages (RFC 4171 §5.2). TCP keeps their order, so a
 * message's PDUs come one after the other.
 */
final class IsnsAssembler {
  private final int most;
  private final ByteArrayOutputStream payload = new ByteArrayOutputStream();
  private @Nullable Header first;
  private int next;

  /** A PDU's header. */
  record Header(int version, int function, int length, int flags, int transaction, int sequence) {
    static Header read(ByteBuffer pdu) {
      return new Header(
          pdu.getShort() & 0xFFFF,
          pdu.getShort() & 0xFFFF,
          pdu.getShort() & 0xFFFF,
          pdu.getShort() & 0xFFFF,
          pdu.getShort() & 0xFFFF,
          pdu.getShort() & 0xFFFF);
    }

    /** The answer to a message that cannot be read. */
    IsnsMessage refused(IsnsStatus status) {
      return new IsnsMessage(function, 0, transaction, OptionalInt.empty(), List.of())
          .answered(IsnsMessage.FROM_SERVER, status, List.of());
    }
  }

  /**
   * @param most bytes that a message's PDUs may hold together
   */
  IsnsAssembler(int most) {
    this.most = most;
  }

  /**
   * Takes one PDU.
   *
   * @return the message that it ends
   * @throws IsnsException where it cannot belong here; the next one may again
   */
  Optional<IsnsMessage> take(Header header, byte[] part) throws IsnsException {
    if (header.version() != IsnsMessage.VERSION) {
      forget();
      throw new IsnsException(IsnsStatus.VERSION_NOT_SUPPORTED, "version " + header.version());
    }
    if ((header.flags() & IsnsMessage.FIRST_PDU) != 0) {
      forget();
      first = header;
    }
    Header begun = first;
    if (begun == null
        || header.sequence() != next
        || header.function() != begun.function()
        || header.transaction() != begun.transaction()
        || payload.size() + part.length > most) {
      forget();
      throw new IsnsException(
          IsnsStatus.MESSAGE_FORMAT_ERROR, "a PDU that does not follow the one before it");
    }
    payload.writeBytes(part);
    next++;
    if ((header.flags() & IsnsMessage.LAST_PDU) == 0) {
      return Optional.empty();
    }
    ByteBuffer whole = ByteBuffer.wrap(payload.toByteArray());
    forget();
    return Optional.of(
        IsnsMessage.read(begun.function(), begun.flags(), begun.transaction(), whole));
  }

  private void forget() {
    payload.reset();
    first = null;
    next = 0;
  }
}
