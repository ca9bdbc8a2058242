// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns a machine's serial line into the few steps of a boot that a reader wants to see. */
final class BootProgress implements Consumer<String> {
  private record Step(Pattern seen, String told) {}

  private static final List<Step> STEPS =
      List.of(
          step("^Root path: (.+)", "firmware: DHCP option 17 is $1"),
          step("^Registered SAN device.*", "firmware: iSCSI disk attached"),
          step("^ROOTSTOCK boot loader", "boot loader: GRUB runs from the disk"),
          step("^ROOTSTOCK kernel (.+)", "Linux $1 starts"),
          step("^ROOTSTOCK address (.+)", "Linux: address $1"),
          step("^ROOTSTOCK disk (.+)", "Linux: logged in, the disk is $1"),
          step("^ROOTSTOCK boot (.+)", "root is mounted: boot $1"),
          step("^ROOTSTOCK found (.+)", "found on its disk: $1"),
          step("^ROOTSTOCK left (.+)", "wrote to its disk: $1"),
          step("^ROOTSTOCK (failed.*)", "$1"));

  private final String machine;
  private final Consumer<String> out;
  private long start = System.nanoTime();
  private int next;

  BootProgress(String machine, Consumer<String> out) {
    this.machine = machine;
    this.out = out;
  }

  /** The time of the machine's lines is counted from here. */
  synchronized void begin() {
    start = System.nanoTime();
    next = 0;
  }

  @Override
  public synchronized void accept(String line) {
    told(line)
        .ifPresent(
            text -> {
              double seconds = (System.nanoTime() - start) / 1e9;
              out.accept("      %-6s %5.1f s  %s".formatted(machine, seconds, text));
            });
  }

  /** Firmware prints some lines twice; only a step that is not behind us is told. */
  private Optional<String> told(String line) {
    for (int i = next; i < STEPS.size(); i++) {
      Matcher matcher = STEPS.get(i).seen().matcher(line);
      if (matcher.find()) {
        next = i < STEPS.size() - 3 ? i + 1 : next;
        return Optional.of(matcher.replaceFirst(STEPS.get(i).told()));
      }
    }
    return Optional.empty();
  }

  private static Step step(String seen, String told) {
    return new Step(Pattern.compile(seen), told);
  }
}
