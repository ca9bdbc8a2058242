// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.chap.ChapAlgorithm;
import dev.rootstock.target.chap.ChapCredentials;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How an initiator proves itself by CHAP (RFC 7143 §12.1.3).
 *
 * @param own its name and secret
 * @param algorithms what it offers, in order of preference
 * @param target what the target has to prove; null where it need not
 */
public record ChapOptions(
    ChapCredentials own, List<ChapAlgorithm> algorithms, @Nullable ChapCredentials target) {
  public ChapOptions {
    algorithms = List.copyOf(algorithms);
  }

  /** Of the initiator alone, with MD5, which every target has. */
  public static ChapOptions oneWay(ChapCredentials own) {
    return new ChapOptions(own, List.of(ChapAlgorithm.MD5), null);
  }

  /** Of both sides. */
  public ChapOptions withTarget(ChapCredentials expected) {
    return new ChapOptions(own, algorithms, expected);
  }

  /** The same with other algorithms. */
  public ChapOptions withAlgorithms(ChapAlgorithm... offered) {
    return new ChapOptions(own, List.of(offered), target);
  }
}
