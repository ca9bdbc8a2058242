// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.images.store.ImageStore;
import dev.rootstock.images.store.SourceFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.cli.Option;

/** {@code image import FILE --name N}. */
final class ImageImportCommand implements Command {
  @Override
  public String name() {
    return "image import";
  }

  @Override
  public String summary() {
    return "copy a disk image into the store, as the next version of an image";
  }

  @Override
  public List<String> operands() {
    return List.of("FILE");
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("name", "NAME", "the image to make, or to add a version to (needed)"),
        Command.option(
            "format",
            "FORMAT",
            "what the file is; by its content otherwise. " + SourceFormat.all()));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    String name = invocation.required("name");
    String format = invocation.value("format");
    if (format != null && SourceFormat.parse(format).isEmpty()) {
      throw new UsageException(
          "format '%s' is unknown: use one of %s".formatted(format, SourceFormat.all()));
    }
    if (!ImageStore.isName(name)) {
      throw new RefusedException(
          ("image name '%s' is not allowed: use 1 to 63 of a-z 0-9 . - (first a letter or digit,"
                  + " no '..')")
              .formatted(name));
    }
    // The server may have another working directory.
    Path file = Path.of(invocation.operand(0)).toAbsolutePath();
    if (!Files.exists(file)) {
      throw new RefusedException("there is no file %s".formatted(file));
    }
    ObjectNode arguments = invocation.arguments();
    arguments.put("file", file.toString());
    arguments.put("name", name);
    arguments.put("format", format);
    JsonNode version;
    try (ProgressLine progress = new ProgressLine(invocation.console(), "importing " + name)) {
      version = invocation.call("image import", arguments, progress);
    }
    if (invocation.json()) {
      invocation.printJson(version);
    } else {
      invocation.print(
          "imported %s@%d, %s, sha256 %s"
              .formatted(
                  version.get("name").asText(),
                  version.get("version").asInt(),
                  Size.text(version.get("sizeBytes").asLong()),
                  version.get("sha256").asText()));
    }
    return DONE;
  }
}
