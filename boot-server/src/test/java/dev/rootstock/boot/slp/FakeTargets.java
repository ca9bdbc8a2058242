// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.net.Inet4Address;
import java.util.List;
import java.util.function.BiFunction;

/** Targets without a registry. Ours are all whose names hold "ours". */
public record FakeTargets(BiFunction<Inet4Address, SlpTargets.Named, List<SlpTarget>> targets)
    implements SlpTargets {

  /** The same for everybody. */
  public static FakeTargets of(List<SlpTarget> targets) {
    return new FakeTargets((_, _) -> targets);
  }

  @Override
  public List<SlpTarget> visibleTo(Inet4Address source, Named named) {
    return targets.apply(source, named);
  }

  @Override
  public List<SlpTarget> toldToEverybody() {
    return targets.apply(Inet4Address.ofLiteral("0.0.0.0"), Named.NONE);
  }

  @Override
  public boolean owns(String targetName) {
    return targetName.contains("ours");
  }
}
