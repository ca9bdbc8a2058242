// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Columns of text, each as wide as its widest cell. */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  Table(String... head) {
    rows.add(List.of(head));
  }

  void row(String... cells) {
    rows.add(List.of(cells));
  }

  /** The lines, without blanks at their ends. */
  List<String> lines() {
    int[] widths = new int[rows.getFirst().size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  /** Names and values, one below the other. */
  static List<String> pairs(List<String[]> pairs) {
    int width = pairs.stream().mapToInt(pair -> pair[0].length()).max().orElse(0);
    return pairs.stream().map(pair -> line(Arrays.asList(pair), new int[] {width, 0})).toList();
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      String cell = cells.get(i);
      line.append(i == 0 ? "" : GAP)
          .append(cell)
          .repeat(" ", Math.max(0, widths[i] - cell.length()));
    }
    return line.toString().stripTrailing();
  }
}
