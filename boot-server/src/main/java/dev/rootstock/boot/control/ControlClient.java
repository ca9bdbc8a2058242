// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.installation.Installation;
import dev.rootstock.images.store.Progress;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Runs operations for the command line, wherever the data is held. */
public final class ControlClient {
  private ControlClient() {}

  /**
   * Has the running server do it; where none runs, opens the data, does it, and closes.
   *
   * @throws Exception whose message is one line for the user
   */
  public static JsonNode call(
      Configuration configuration, String operation, ObjectNode arguments, Progress progress)
      throws Exception {
    try (SocketChannel channel = connect(ControlSocket.of(configuration.data()))) {
      if (channel != null) {
        return ask(channel, operation, arguments, progress);
      }
    }
    return doHere(configuration, operation, arguments, progress);
  }

  /** Whether a server answers for the data now. Nothing is opened or locked. */
  public static boolean isServed(Configuration configuration) throws RefusedException {
    try (SocketChannel channel = connect(ControlSocket.of(configuration.data()))) {
      return channel != null;
    } catch (IOException e) {
      return false; // it was closing
    }
  }

  private static JsonNode doHere(
      Configuration configuration, String operation, ObjectNode arguments, Progress progress)
      throws Exception {
    Path data = configuration.data();
    if (Files.notExists(data) && !Operations.mayMakeData(operation)) {
      throw new RefusedException(
          ("there is no data directory %s: 'rootstock image import' makes it, or --config names"
                  + " another")
              .formatted(data.toAbsolutePath()));
    }
    try (OnSignal _ = new OnSignal()) {
      return doHere(Installation.open(configuration), operation, arguments, progress);
    }
  }

  private static JsonNode doHere(
      Installation installation, String operation, ObjectNode arguments, Progress progress)
      throws Exception {
    Workplace workplace = Workplace.withoutServer(installation);
    JsonNode result;
    try {
      result = Operations.run(workplace, operation, arguments, progress);
    } catch (Exception e) {
      boolean interrupted = Thread.interrupted(); // closing has files to write
      workplace.boots().close();
      installation.closeUnused();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      throw e;
    }
    workplace.boots().close();
    installation.close();
    return result;
  }

  /** A connection to the running server, or null where none runs. */
  private static @Nullable SocketChannel connect(Path socket) throws RefusedException {
    if (!Files.exists(socket)) {
      return null;
    }
    if (!Files.isReadable(socket) || !Files.isWritable(socket)) {
      throw new RefusedException(
          "the server's socket %s belongs to another user: run this as that user, or as root"
              .formatted(socket));
    }
    try {
      return SocketChannel.open(ControlSocket.address(socket));
    } catch (IOException e) {
      // Nobody listens: an old server's socket, left over from a crash. The store's lock decides.
      return null;
    }
  }

  private static JsonNode ask(
      SocketChannel channel, String operation, ObjectNode arguments, Progress progress)
      throws RefusedException {
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("operation", operation);
    request.set("arguments", arguments);
    try {
      OutputStream out = Channels.newOutputStream(channel);
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      Lines.write(out, request);
      for (JsonNode line = read(in); line != null; line = read(in)) {
        if (line.has("result")) {
          return line.get("result");
        }
        if (line.has("refused")) {
          throw new RefusedException(line.get("refused").asText());
        }
        JsonNode at = line.path("progress");
        progress.at(at.path("done").asLong(), at.path("total").asLong());
      }
    } catch (IOException e) {
      throw new RefusedException(
          "the connection to the server failed (%s): whether '%s' was done, a list will show"
              .formatted(e.getMessage(), operation),
          e);
    }
    throw new RefusedException(
        "the server ended before it answered: whether '%s' was done, a list will show"
            .formatted(operation));
  }

  private static @Nullable JsonNode read(InputStream in) throws IOException {
    return Lines.read(in, Limits.CONTROL_ANSWER_BYTES);
  }
}
