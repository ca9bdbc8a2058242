// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.discovery;

import dev.rootstock.dhcp.IscsiName;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** A way to find targets. */
public sealed interface TargetSearch permits SendTargetsSearch, SlpSearch, IsnsSearch {

  /**
   * What to look for.
   *
   * @param initiator the name that one would log in with; empty where it does not matter
   * @param target the name of the one target sought; empty for all
   */
  record Wanted(Optional<String> initiator, Optional<IscsiName> target) {}

  /**
   * Looks; takes seconds.
   *
   * @throws IOException in one line: nobody answers, or what was answered is no answer
   */
  List<FoundTarget> find(Wanted wanted) throws IOException;

  /** Who is asked, for people. */
  String asked();
}
