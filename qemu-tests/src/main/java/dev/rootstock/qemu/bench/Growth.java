// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.bench.micro.SingleSteps;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.ParseException;

/**
 * What {@code rootstock bench} measures without tgt, of a service that has grown and of the steps
 * that it is made of: each by an option of its own.
 */
enum Growth {
  /** How soon the service is there. */
  START {
    @Override
    void measure(Path folder, int rounds, int seconds) throws IOException, InterruptedException {
      StartTime.measure(folder, rounds);
    }
  },
  /** What sessions cost that do nothing. */
  IDLE {
    @Override
    void measure(Path folder, int rounds, int seconds) throws IOException, InterruptedException {
      IdleSessions.measure(folder, seconds);
    }
  },
  /** Whether the memory has its ceiling. */
  CEILING {
    @Override
    void measure(Path folder, int rounds, int seconds) throws IOException, InterruptedException {
      MemoryCeiling.measure(folder, seconds);
    }
  },
  /** What single steps of its hot path take by themselves. */
  MICRO {
    @Override
    void measure(Path folder, int rounds, int seconds) throws IOException {
      SingleSteps.measure(folder);
    }
  };

  /**
   * Measures, and prints what it finds.
   *
   * @param folder an empty one
   */
  abstract void measure(Path folder, int rounds, int seconds)
      throws IOException, InterruptedException;

  /** The option without its dashes. */
  String option() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The one that the command line names, if any. */
  static Optional<Growth> asked(CommandLine line) throws ParseException {
    var asked = Arrays.stream(values()).filter(each -> line.hasOption(each.option())).toList();
    if (asked.size() > 1) {
      throw new ParseException(
          "one at a time: --%s or --%s".formatted(asked.get(0).option(), asked.get(1).option()));
    }
    return asked.stream().findFirst();
  }
}
