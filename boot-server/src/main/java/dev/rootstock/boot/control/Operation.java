// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import dev.rootstock.images.store.Progress;

/** What a command does to the data. It may wait for the disk. */
@FunctionalInterface
interface Operation {

  /**
   * Does it whole or not at all.
   *
   * @param arguments an object, as the command filled it
   * @return what the command prints; its fields are those of docs/cli.md
   * @throws Exception whose message is one line for the user
   */
  JsonNode run(Workplace workplace, Arguments arguments, Progress progress) throws Exception;
}
