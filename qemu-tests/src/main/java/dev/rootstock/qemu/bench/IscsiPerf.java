// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads by {@code iscsi-perf}, of one size at one depth, in one session.
 *
 * @param blocks the size of a read in blocks of 512 bytes
 * @param depth reads in flight
 * @param random whether addresses are random; sequential otherwise
 */
record IscsiPerf(int blocks, int depth, boolean random) implements Load {
  private static final Pattern AVERAGE = Pattern.compile("iops average (\\d+)");

  @Override
  public Trial on(Served server) {
    return seconds -> measure(server, seconds);
  }

  @Override
  public Sessions ours() {
    return new Sessions(random ? Access.RANDOM_READ : Access.SEQUENTIAL_READ, blocks, depth, false);
  }

  private Sample measure(Served server, int seconds) throws IOException, InterruptedException {
    long before = Tool.cpuMicros(server.process());
    List<String> command = new ArrayList<>(List.of("iscsi-perf"));
    command.addAll(List.of("-b", Integer.toString(blocks), "-m", Integer.toString(depth)));
    command.addAll(List.of("-t", Integer.toString(seconds)));
    if (random) {
      command.add("-r");
    }
    command.add(server.url());
    String output =
        Tool.run(
            Duration.ofSeconds(seconds).plus(BenchLimits.OVERRUN), command.toArray(String[]::new));
    long used = Tool.cpuMicros(server.process()) - before;
    Matcher average = AVERAGE.matcher(output);
    double operations = 0;
    while (average.find()) {
      operations = Double.parseDouble(average.group(1));
    }
    if (operations == 0) {
      throw new IOException("iscsi-perf printed no average: " + output.strip());
    }
    return Sample.of(operations, used / (operations * seconds));
  }
}
