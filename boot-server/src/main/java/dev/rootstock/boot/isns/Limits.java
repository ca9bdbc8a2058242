// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.time.Duration;

/** Every bound of iSNS. */
final class Limits {
  /** Bytes of a request, all its PDUs together. */
  static final int REQUEST = 64 << 10;

  /** Bytes of a response; attributes that do not fit are left out. */
  static final int RESPONSE = 1 << 20;

  /** Bytes of a PDU's payload: a multiple of 4 that its 16-bit length holds (RFC 4171 §5.1.3). */
  static final int PAYLOAD = 0xFFFC;

  /** Attributes of a request. */
  static final int ATTRIBUTES = 1_024;

  /** Attributes that one query names: there are fewer that we know. */
  static final int ASKED = 64;

  /** How often a query may go over from one kind of object to another; there are six. */
  static final int RUNS = 8;

  /** PDUs of one connection that are looked at before it is another's turn. */
  static final int PDUS_AT_ONCE = 16;

  /** Bytes of a text (RFC 4171 §6.1), and of an iSCSI name, their ends included. */
  static final int TEXT = 256;

  static final int NAME = 224;

  /** TCP connections at once, in all and of one address. */
  static final int CONNECTIONS = 512;

  static final int CONNECTIONS_OF_ONE = 8;

  /** How long a connection may say nothing. */
  static final Duration CONNECTION_IDLE = Duration.ofMinutes(10);

  /** Network entities that initiators have registered, in all and by one address. */
  static final int ENTITIES = 2_048;

  static final int ENTITIES_OF_ONE = 4;

  /** Nodes and portals of such an entity. */
  static final int NODES = 4;

  static final int PORTALS = 8;

  /**
   * Portal groups whose index is remembered (RFC 4171 §6.5.5): of our targets, those that were
   * asked for last; of such an entity, as many again as it can have, until it is gone.
   */
  static final int GROUPS = 16_384;

  static final int GROUPS_OF_ENTITY = 2 * NODES * PORTALS;

  /** Targets that one initiator is told of. */
  static final int TARGETS = 128;

  /** How long a registration may last without a word from its owner, in seconds. */
  static final int LEAST_PERIOD = 60;

  static final int PERIOD = 3_600;

  static final int MOST_PERIOD = 86_400;

  /** Seconds between status inquiries, and how many may stay without an answer. */
  static final int LEAST_ESI = 20;

  static final int MOST_ESI = 3_600;

  static final int ESI_ATTEMPTS = 3;

  /** How often it is looked whether there is something to notify of. */
  static final Duration WATCH = Duration.ofSeconds(2);

  /** Objects in one notification. */
  static final int NOTIFIED = 64;

  /** How long a client's port may take to accept a connection, and to answer. */
  static final Duration CLIENT_PATIENCE = Duration.ofSeconds(5);

  /** Problems that have been logged, and lines about them. */
  static final int LOGGED = 256;

  static final int LOG_BURST = 20;

  static final double LOG_LINES_PER_SECOND = 0.1;

  /** Seconds that starting and stopping may take. */
  static final int SOCKET_SECONDS = 10;

  private Limits() {}
}
