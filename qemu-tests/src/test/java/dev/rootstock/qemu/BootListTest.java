// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/boots.md} to what it says of the boots in QEMU. */
class BootListTest {
  private static final int MOST = 12;
  private static final int FACTORS = 6;

  /** The body rows of the page's table of that number, without their frames. */
  private static List<List<String>> table(int number) throws IOException {
    List<List<String>> rows = new ArrayList<>();
    int tables = 0;
    boolean inside = false;
    for (String line : Files.readAllLines(Checkout.home().resolve("docs/boots.md"))) {
      boolean row = line.startsWith("|");
      if (row && !inside) {
        tables++;
      }
      inside = row;
      if (row && tables == number) {
        rows.add(
            List.of(line.split("\\|", -1)).stream()
                .map(String::strip)
                .filter(cell -> !cell.isEmpty())
                .toList());
      }
    }
    return rows.subList(2, rows.size());
  }

  private static Set<String> pairs(List<String> row) {
    Set<String> pairs = new LinkedHashSet<>();
    for (int one = 0; one < FACTORS; one++) {
      for (int other = one + 1; other < FACTORS; other++) {
        pairs.add(row.get(one) + ", " + row.get(other));
      }
    }
    return pairs;
  }

  @Test
  void atMostTwelveBootsAreTriedAndEachIsATest() throws Exception {
    List<List<String>> boots = table(1);
    assertTrue(!boots.isEmpty() && boots.size() <= MOST, "there are " + boots.size());
    for (List<String> boot : boots) {
      String[] test = boot.get(FACTORS).replace("`", "").split("\\.", -1);
      String source =
          Files.readString(
              Checkout.home()
                  .resolve("qemu-tests/src/test/java/dev/rootstock/qemu")
                  .resolve(test[0] + ".java"));
      assertTrue(source.contains("@Test\n  void " + test[1] + "()"), "no test " + boot);
    }
  }

  /** Every pair of values is shown by a boot, or stands on the page with the reason why not. */
  @Test
  void everyPairIsShownOrExplained() throws Exception {
    List<List<String>> boots = table(1);
    Set<String> shown = new HashSet<>();
    boots.forEach(boot -> shown.addAll(pairs(boot)));
    Set<String> missing = new TreeSet<>();
    for (int one = 0; one < FACTORS; one++) {
      for (int other = one + 1; other < FACTORS; other++) {
        for (String value : values(boots, one)) {
          for (String with : values(boots, other)) {
            missing.add(value + ", " + with);
          }
        }
      }
    }
    missing.removeAll(shown);
    Set<String> explained = new TreeSet<>();
    for (List<String> row : table(2)) {
      assertEquals(2, row.size(), "a pair and its reason: " + row);
      assertTrue(explained.add(row.getFirst()), row.getFirst() + " stands twice");
    }
    assertEquals(missing, explained);
  }

  private static Set<String> values(List<List<String>> boots, int factor) {
    Set<String> values = new TreeSet<>();
    boots.forEach(boot -> values.add(boot.get(factor)));
    return values;
  }
}
