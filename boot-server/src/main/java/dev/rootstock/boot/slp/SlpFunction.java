// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.Optional;

/** RFC 2608 §8: the messages. */
enum SlpFunction {
  SERVICE_REQUEST(1),
  SERVICE_REPLY(2),
  SERVICE_REGISTRATION(3),
  SERVICE_DEREGISTER(4),
  SERVICE_ACKNOWLEDGE(5),
  ATTRIBUTE_REQUEST(6),
  ATTRIBUTE_REPLY(7),
  DIRECTORY_ADVERT(8),
  SERVICE_TYPE_REQUEST(9),
  SERVICE_TYPE_REPLY(10),
  AGENT_ADVERT(11);

  private final int id;

  SlpFunction(int id) {
    this.id = id;
  }

  int id() {
    return id;
  }

  /** Whether an agent answers it. */
  boolean isRequest() {
    return switch (this) {
      case SERVICE_REQUEST,
          SERVICE_REGISTRATION,
          SERVICE_DEREGISTER,
          ATTRIBUTE_REQUEST,
          SERVICE_TYPE_REQUEST ->
          true;
      default -> false;
    };
  }

  /** Empty for what RFC 2608 does not know. */
  static Optional<SlpFunction> of(int id) {
    return id >= 1 && id <= values().length ? Optional.of(values()[id - 1]) : Optional.empty();
  }
}
