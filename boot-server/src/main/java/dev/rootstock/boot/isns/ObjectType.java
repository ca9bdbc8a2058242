// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.util.List;
import java.util.Optional;

/** RFC 4171 §3: what the database holds, each with the attributes that identify it. */
enum ObjectType {
  ENTITY,
  PORTAL,
  NODE,
  PORTAL_GROUP,
  DOMAIN_SET,
  DOMAIN;

  /** In the order in which they stand in messages. */
  List<Tag> keys() {
    return switch (this) {
      case ENTITY -> List.of(Tag.ENTITY_ID);
      case PORTAL -> List.of(Tag.PORTAL_ADDRESS, Tag.PORTAL_PORT);
      case NODE -> List.of(Tag.NODE_NAME);
      case PORTAL_GROUP -> List.of(Tag.GROUP_NODE_NAME, Tag.GROUP_ADDRESS, Tag.GROUP_PORT);
      case DOMAIN_SET -> List.of(Tag.DOMAIN_SET_ID);
      case DOMAIN -> List.of(Tag.DOMAIN_ID);
    };
  }

  /** What an attribute belongs to; empty where we know no such attribute. */
  static Optional<ObjectType> of(int tag) {
    return Tag.of(tag)
        .filter(known -> known != Tag.DELIMITER)
        .map(
            known ->
                known.number() < 16
                    ? ENTITY
                    : known.number() < 32
                        ? PORTAL
                        : known.number() < 48
                            ? NODE
                            : known.number() < 64
                                ? PORTAL_GROUP
                                : known.number() < 2065 ? DOMAIN_SET : DOMAIN);
  }
}
