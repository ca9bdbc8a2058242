// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import java.util.Optional;

/** What scripts ask of the clients' registry, on any thread; nothing may block. */
public interface ScriptClients {

  /** The client of that name; empty also where no client can have it. */
  Optional<ScriptClient> byName(String name);

  /** The client that has this network card, as people write it; empty also where it is none. */
  Optional<ScriptClient> byMac(String mac);

  /** The client that has this SMBIOS UUID; empty also where it is none. */
  Optional<ScriptClient> byUuid(String uuid);
}
