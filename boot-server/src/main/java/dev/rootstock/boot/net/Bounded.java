// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.net;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A map that forgets what was not used for longest once it is full, for what is kept of packets.
 * Not for several threads at once.
 */
public final class Bounded<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;
  private static final float LOAD = 0.75f;

  private final int most;

  /**
   * @param most how many entries there may be, at least 1
   */
  public Bounded(int most) {
    super(16, LOAD, true);
    this.most = most;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > most;
  }
}
