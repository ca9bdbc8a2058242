// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.Optional;

/** RFC 2608 §8: the requests, each with the message that answers it. */
enum SlpFunction {
  SERVICE_REQUEST(1, 2, 2),
  SERVICE_REGISTRATION(3, 5, 0),
  SERVICE_DEREGISTER(4, 5, 0),
  ATTRIBUTE_REQUEST(6, 7, 3),
  SERVICE_TYPE_REQUEST(9, 10, 2);

  private final int id;
  private final int replyId;
  private final int emptyReply;

  SlpFunction(int id, int replyId, int emptyReply) {
    this.id = id;
    this.replyId = replyId;
    this.emptyReply = emptyReply;
  }

  int id() {
    return id;
  }

  int replyId() {
    return replyId;
  }

  /**
   * The zero bytes that follow the error code of an answer that holds nothing: its counts and
   * lengths. RFC 2608 §7 lets an error leave them out; not every reader expects that.
   */
  int emptyReply() {
    return emptyReply;
  }

  /** Empty for replies, advertisements and what RFC 2608 does not know: nothing answers those. */
  static Optional<SlpFunction> ofRequest(int id) {
    for (SlpFunction function : values()) {
      if (function.id == id) {
        return Optional.of(function);
      }
    }
    return Optional.empty();
  }
}
