// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import dev.rootstock.boot.config.ConfigurationException;
import dev.rootstock.boot.control.Operations;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.MissingArgumentException;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;

/** Where {@code rootstock} begins: finds the command, runs it, and answers with its status. */
public final class Main {
  private static final List<Command> COMMANDS =
      List.of(
          new LauncherCommand(
              "demo", "boot two machines from one image on a private network, to see it work"),
          new ServeCommand(),
          new ImageImportCommand(),
          new ImageListCommand(),
          new ImageShowCommand(),
          new ImageVerifyCommand(),
          ExportCommand.IMAGE,
          new ImagePublishCommand(),
          ImageChangeCommand.DEFAULT,
          new ImageCreateCommand(),
          ImageChangeCommand.REMOVE,
          new ClientAddCommand(),
          new ClientListCommand(),
          new ClientPendingCommand(),
          new ClientApproveCommand(),
          new ClientWakeCommand(),
          new ClientShowCommand(),
          new ClientHistoryCommand(),
          new ClientChapCommand(),
          new ClientSetCommand(),
          new ClientSnapshotCommand(),
          new ClientRestoreCommand(),
          ExportCommand.CLIENT,
          new ClientCheckCommand(),
          ClientChangeCommand.BOOT,
          ClientChangeCommand.RESET,
          ClientChangeCommand.REMOVE,
          GroupChangeCommand.ADD,
          GroupChangeCommand.SET,
          new GroupListCommand(),
          GroupNameCommand.SHOW,
          GroupNameCommand.REMOVE,
          new StatusCommand(),
          new RootPathCommand(),
          new DhcpConfigCommand(),
          new DiscoverCommand(),
          new LauncherCommand("bench", "measure the target beside tgt on this machine"),
          new LauncherCommand("storm", "have many machines boot, or ask for addresses, at once"),
          new LauncherCommand("test", "run every test: unit, integration, and real machines"));

  private Main() {}

  public static void main(String[] args) {
    // Before the first logger is made: logback.xml reads it.
    if (args.length > 0 && !args[0].equals("serve")) {
      System.setProperty("rootstock.log", "WARN");
    }
    System.exit(run(args, Console.ofProcess()));
  }

  /** Runs one command and returns the exit status; everything it says goes to the console. */
  static int run(String[] args, Console console) {
    List<String> words = List.of(args);
    if (words.isEmpty() || List.of("help", "--help", "-h").contains(words.getFirst())) {
      Help.all(COMMANDS).forEach(words.isEmpty() ? console.err()::println : console.out()::println);
      return words.isEmpty() ? Command.WRONG_USAGE : Command.DONE;
    }
    try {
      return run(words, console);
    } catch (UsageException e) {
      return fail(console, Command.WRONG_USAGE, e, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      return fail(console, Command.FAILED, e, "interrupted");
    } catch (Exception e) {
      if (e instanceof ConfigurationException || Operations.isRefusal(e)) {
        return fail(console, Command.FAILED, e, String.valueOf(e.getMessage()));
      }
      String hint =
          console.debug() ? "" : "; this is a defect: ROOTSTOCK_DEBUG=1 shows where it happened";
      return fail(console, Command.FAILED, e, "failed: " + e + hint);
    }
  }

  private static int run(List<String> words, Console console) throws Exception {
    for (Command command : COMMANDS) {
      List<String> name = List.of(command.name().split(" "));
      if (words.size() >= name.size() && words.subList(0, name.size()).equals(name)) {
        return run(command, words.subList(name.size(), words.size()), console);
      }
    }
    List<Command> group =
        COMMANDS.stream().filter(c -> c.name().startsWith(words.getFirst() + " ")).toList();
    if (group.isEmpty()) {
      throw new UsageException(
          "there is no command '%s': 'rootstock --help' lists them".formatted(words.getFirst()));
    }
    if (words.contains("--help")) {
      Help.all(group).forEach(console.out()::println);
      return Command.DONE;
    }
    List<String> names = group.stream().map(Command::name).toList();
    String what =
        words.size() == 1 || words.get(1).startsWith("-")
            ? "'%s' goes on".formatted(words.getFirst())
            : "there is no command '%s %s'".formatted(words.getFirst(), words.get(1));
    throw new UsageException("%s: write one of %s".formatted(what, String.join(", ", names)));
  }

  private static int run(Command command, List<String> rest, Console console) throws Exception {
    if (rest.contains("--help")) {
      Help.of(command, optionsOf(command)).forEach(console.out()::println);
      return Command.DONE;
    }
    Options options = new Options();
    optionsOf(command).forEach(options::addOption);
    return command.run(new Invocation(command, parse(command, options, rest), console));
  }

  private static CommandLine parse(Command command, Options options, List<String> rest)
      throws UsageException {
    CommandLine line;
    try {
      line =
          DefaultParser.builder()
              .setAllowPartialMatching(false)
              .setStripLeadingAndTrailingQuotes(false)
              .get()
              .parse(options, rest.toArray(new String[0]));
    } catch (UnrecognizedOptionException e) {
      throw wrong(command, "does not know %s".formatted(e.getOption()));
    } catch (MissingArgumentException e) {
      throw wrong(command, "needs a value after --%s".formatted(e.getOption().getLongOpt()));
    } catch (ParseException e) {
      throw wrong(command, String.valueOf(e.getMessage()));
    }
    for (Option option : line.getOptions()) {
      String[] values = line.getOptionValues(option);
      if (values != null && values.length > 1 && !Command.mayBeRepeated(option)) {
        throw wrong(command, "takes --%s once".formatted(option.getLongOpt()));
      }
    }
    List<String> operands = command.operands();
    List<String> given = line.getArgList();
    if (given.size() < operands.size()) {
      throw wrong(
          command, "needs " + String.join(" ", operands.subList(given.size(), operands.size())));
    }
    if (given.size() > operands.size()) {
      throw wrong(command, "does not take '%s'".formatted(given.get(operands.size())));
    }
    return line;
  }

  private static UsageException wrong(Command command, String what) {
    return new UsageException(
        "'%s' %s: see rootstock %s --help".formatted(command.name(), what, command.name()));
  }

  private static List<Option> optionsOf(Command command) {
    List<Option> options = new ArrayList<>(command.options());
    if (command.printsData()) {
      options.add(Command.flag("json", "print JSON; docs/cli.md names the fields"));
    }
    options.add(Command.option("config", "FILE", "the configuration to use"));
    options.add(Command.flag("help", "say how the command is used"));
    return options;
  }

  private static int fail(Console console, int status, Exception cause, String message) {
    console.err().println("rootstock: " + message.replaceAll("\\R", " "));
    if (console.debug()) {
      cause.printStackTrace(console.err());
    }
    return status;
  }
}
