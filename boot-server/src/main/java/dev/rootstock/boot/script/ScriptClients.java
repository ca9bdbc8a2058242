// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import java.util.Optional;

/** What scripts ask of the clients' registry, on any thread; nothing may block. */
public interface ScriptClients {

  /** The client of that name; empty also where no client can have it. */
  Optional<ScriptClient> byName(String name);

  /**
   * The client that a machine is by its network card and its SMBIOS UUID, as it writes them; what
   * cannot be read says nothing.
   */
  Lookup byMachine(Optional<String> mac, Optional<String> uuid);
}
