// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

/** A command that the script {@code rootstock} runs itself, so that it never comes here. */
record LauncherCommand(String name, String summary) implements Command {

  @Override
  public int run(Invocation invocation) throws UsageException {
    throw new UsageException(
        "'%s' is a command of the script 'rootstock': start it from there".formatted(name));
  }
}
