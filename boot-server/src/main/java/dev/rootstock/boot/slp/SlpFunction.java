// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.Optional;

/** RFC 2608 §8: the requests, each with the message that answers it. */
enum SlpFunction {
  SERVICE_REQUEST(1, 2),
  SERVICE_REGISTRATION(3, 5),
  SERVICE_DEREGISTER(4, 5),
  ATTRIBUTE_REQUEST(6, 7),
  SERVICE_TYPE_REQUEST(9, 10);

  private final int id;
  private final int replyId;

  SlpFunction(int id, int replyId) {
    this.id = id;
    this.replyId = replyId;
  }

  int id() {
    return id;
  }

  int replyId() {
    return replyId;
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
