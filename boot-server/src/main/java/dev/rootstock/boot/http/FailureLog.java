// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import dev.rootstock.boot.net.RateLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs what failed with its cause, and no faster than a rate: anybody can ask for it again. */
final class FailureLog {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  private final RateLimit rate =
      new RateLimit(Limits.LOG_BURST, Limits.LOG_LINES_PER_SECOND, System::nanoTime);

  /** From any thread. */
  synchronized void warn(String what, Exception cause) {
    if (rate.tryTake()) {
      log.warn("HTTP: {}", what, cause);
    }
  }
}
