// SPDX-License-Identifier: Apache-2.0
import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks, or with {@code apply} mends, the format of every Java file of the modules.
 *
 * <p>A program of its own because Maven may run on JDK 17, whose compiler cannot parse our Java 25:
 * the build runs this with the JDK 25 that the toolchain chose.
 */
class Format {
  static final String LICENCE = "// SPDX-License-Identifier: Apache-2.0\n";

  static void main(String[] args) throws IOException {
    boolean apply = args[0].equals("apply");
    List<String> wrong = new ArrayList<>();
    var formatter = new Formatter(JavaFormatterOptions.defaultOptions());
    for (String module : List.of(args).subList(1, args.length)) {
      Path source = Path.of(module, "src");
      if (!Files.isDirectory(source)) {
        continue;
      }
      List<Path> files;
      try (var tree = Files.walk(source)) {
        files = tree.filter(f -> f.toString().endsWith(".java")).sorted().toList();
      }
      for (Path file : files) {
        String text = Files.readString(file);
        try {
          String formatted = formatted(formatter, text);
          if (!formatted.equals(text)) {
            wrong.add(file + ": not formatted");
            if (apply) {
              Files.writeString(file, formatted);
            }
          }
          if (!formatted.startsWith(LICENCE)) {
            wrong.add(file + ": does not begin with " + LICENCE.strip());
          }
        } catch (FormatterException e) {
          wrong.add(file + ": " + e.getMessage());
        }
      }
    }
    if (!wrong.isEmpty()) {
      System.err.println(String.join("\n", wrong));
      if (!apply) {
        System.err.println("Mend with: mvn -N validate -Dformat=apply");
        System.exit(1);
      }
    }
  }

  static String formatted(Formatter formatter, String text) throws FormatterException {
    String ordered =
        ImportOrderer.reorderImports(
            RemoveUnusedImports.removeUnusedImports(text), JavaFormatterOptions.Style.GOOGLE);
    return formatter.formatSource(ordered);
  }
}
