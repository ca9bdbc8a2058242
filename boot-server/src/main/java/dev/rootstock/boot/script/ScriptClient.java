// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.RootPath;
import java.util.List;
import java.util.Optional;

/**
 * What a client's script has to hold.
 *
 * @param name its name
 * @param initiator the name that its initiator takes
 * @param disks where its disks are, the one to boot from first
 * @param refusal why it may not boot, in one line; empty where it may
 */
public record ScriptClient(
    String name, IscsiName initiator, List<RootPath> disks, Optional<String> refusal) {
  public ScriptClient {
    disks = List.copyOf(disks);
  }
}
