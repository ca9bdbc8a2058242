// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

/** Every bound of the HTTP server. */
final class Limits {
  /** Connections at once; more are closed as they come. */
  static final int CONNECTIONS = 2_048;

  static final int CONNECTIONS_FROM_ONE = 32;

  /** Bytes of a request's first line, of its headers, and of its body. */
  static final int FIRST_LINE = 2_048;

  static final int HEADERS = 8_192;

  static final int BODY = 4_096;

  /** Parameters of one query. */
  static final int PARAMETERS = 32;

  /** Seconds that a connection may be silent, a request may take, and a write may stand still. */
  static final int IDLE_SECONDS = 30;

  /** Bytes of a file that are read and written at once. */
  static final int CHUNK = 64 << 10;

  /** Lines in the log about requests that failed. */
  static final int LOG_BURST = 20;

  static final double LOG_LINES_PER_SECOND = 0.1;

  /** How long starting and stopping may take. */
  static final int SOCKET_SECONDS = 10;

  private Limits() {}
}
