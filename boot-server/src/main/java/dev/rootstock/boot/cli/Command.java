// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import java.util.List;
import org.apache.commons.cli.Option;

/** One command of the command line. */
interface Command {
  /** Done. */
  int DONE = 0;

  /** The command was understood, and what it asked for did not come about. */
  int FAILED = 1;

  /** The command line was not understood. */
  int WRONG_USAGE = 2;

  /** Its words: {@code image import}. */
  String name();

  /** One line for the list of commands. */
  String summary();

  /** The names of what must follow it, in order; all of them are needed. */
  default List<String> operands() {
    return List.of();
  }

  /** Its own options; {@code --help} and {@code --config} are everybody's. */
  default List<Option> options() {
    return List.of();
  }

  /** Whether it takes {@code --json}. */
  default boolean printsData() {
    return false;
  }

  /**
   * Does it.
   *
   * @return the exit status
   * @throws Exception whose message is the line that the user reads
   */
  int run(Invocation invocation) throws Exception;

  /** An option that takes a value. */
  static Option option(String name, String value, String description) {
    return Option.builder().longOpt(name).hasArg().argName(value).desc(description).get();
  }

  /** An option that takes a value and may be repeated. */
  static Option list(String name, String value, String description) {
    Option option = option(name, value, description + "; may be repeated");
    option.setType(List.class);
    return option;
  }

  /** Whether an option means something when it is given a second time. */
  static boolean mayBeRepeated(Option option) {
    return option.getType().equals(List.class);
  }

  /** An option that is there or not. */
  static Option flag(String name, String description) {
    return Option.builder().longOpt(name).desc(description).get();
  }
}
