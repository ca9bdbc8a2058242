// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Logs what packets caused: each thing once, and never more lines than a rate allows, so that
 * nobody can fill the log or the memory by sending. Not for several threads at once.
 */
public final class OnceLog {
  private final Logger log;
  private final Bounded<String, Boolean> logged;
  private final RateLimit rate;

  /**
   * @param most how many things are remembered; the longest unseen is forgotten first
   * @param burst how many lines may come at once
   * @param perSecond how many in the long run
   */
  public OnceLog(Logger log, int most, int burst, double perSecond, LongSupplier nanoTime) {
    this.log = log;
    this.logged = new Bounded<>(most);
    this.rate = new RateLimit(burst, perSecond, nanoTime);
  }

  /** Logs one line for people to read, if it was not logged and the rate allows it. */
  public void warn(String line) {
    if (logged.get(line) == null && rate.tryTake()) {
      logged.put(line, Boolean.TRUE);
      log.warn("{}", line);
    }
  }
}
