// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Scripts with gaps. A gap is a name between two at signs, since iPXE's own settings have dollar
 * and braces. What is filled in comes from names and addresses that we made, and from reasons, from
 * which all is taken that iPXE would read as more than text.
 */
public final class ScriptTemplates {
  private static final Pattern GAP = Pattern.compile("@([a-z-]+)@");
  private static final Pattern NOT_TEXT = Pattern.compile("[^A-Za-z0-9 .,:()'_/=@+-]");
  private static final int LONGEST = 64 << 10;

  /** Gaps that more than one script has. */
  private static final class Gaps {
    static final String[] OF_DISKS = {
      "all-disks",
      "client",
      "initiator",
      "other-disks",
      "ready-url",
      "root-path",
      "root-paths",
      "secrets",
      "target"
    };
  }

  /** The scripts that there are. */
  enum Kind {
    /** Attaches the client's disks and boots from the first. */
    BOOT("boot.ipxe", Gaps.OF_DISKS),
    /** Attaches them for an installer, and goes on with what the machine has. */
    INSTALL("install.ipxe", Gaps.OF_DISKS),
    /** Lets whoever is at the machine choose an image, and comes back for the script of that. */
    MENU("menu.ipxe", "choose-url", "client", "items", "preselected"),
    /** Says why there is no disk, and goes on with what the machine has. */
    REFUSED("refused.ipxe", "reason");

    private final String file;
    private final String gaps;

    Kind(String file, String... gaps) {
      this.file = file;
      this.gaps = String.join(", ", gaps);
    }
  }

  private final Map<Kind, String> texts;

  private ScriptTemplates(Map<Kind, String> texts) {
    this.texts = texts;
  }

  /**
   * Reads the templates.
   *
   * @param folder whose files {@code boot.ipxe}, {@code install.ipxe}, {@code menu.ipxe} and {@code
   *     refused.ipxe} stand in for our own; null for our own
   * @throws IOException in one line, where a file cannot be read, is no iPXE script, or has a gap
   *     that nothing fills
   */
  public static ScriptTemplates load(@Nullable Path folder) throws IOException {
    if (folder != null && !Files.isDirectory(folder)) {
      throw new IOException(
          "'http.templates: %s' is no folder: make it, or leave the key out".formatted(folder));
    }
    Map<Kind, String> texts = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      texts.put(kind, folder == null ? own(kind) : replaced(kind, folder.resolve(kind.file)));
    }
    return new ScriptTemplates(texts);
  }

  private static String replaced(Kind kind, Path file) throws IOException {
    String text;
    try {
      if (Files.size(file) > LONGEST) {
        throw new IOException("%s is longer than %d bytes".formatted(file, LONGEST));
      }
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      return own(kind);
    } catch (CharacterCodingException e) {
      throw new IOException(file + " is no UTF-8 text", e);
    }
    if (!text.startsWith("#!ipxe")) {
      throw new IOException(file + " is no iPXE script: its first line has to be #!ipxe");
    }
    Matcher gap = GAP.matcher(text);
    while (gap.find()) {
      if (!List.of(kind.gaps.split(", ", -1)).contains(gap.group(1))) {
        throw new IOException(
            "%s has %s, and nothing fills that: use %s".formatted(file, gap.group(), kind.gaps));
      }
    }
    return text;
  }

  private static String own(Kind kind) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(ScriptTemplates.class.getResourceAsStream(kind.file), kind.file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * Fills a template.
   *
   * @param values for all gaps of its kind
   */
  String fill(Kind kind, Map<String, String> values) {
    return GAP.matcher(Objects.requireNonNull(texts.get(kind)))
        .replaceAll(
            gap -> {
              String value = values.get(gap.group(1));
              return Matcher.quoteReplacement(value == null ? gap.group() : value);
            });
  }

  /** One line that iPXE prints as it is. */
  static String plain(String text) {
    return NOT_TEXT.matcher(text).replaceAll(" ").strip();
  }
}
