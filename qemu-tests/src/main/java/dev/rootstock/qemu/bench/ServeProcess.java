// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The service on a data directory that is there already, on a port of its own choice. */
public final class ServeProcess implements AutoCloseable {
  /** What all names of its targets begin with. */
  static final String PREFIX = "iqn.2026-11.dev.rootstock.bench";

  private static final String READY = "ready iscsi ";

  private final Process process;
  private final Path log;
  private final BufferedReader output;
  private @Nullable InetSocketAddress portal;

  private ServeProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
    this.output = process.inputReader();
  }

  /**
   * Starts it, and waits for nothing.
   *
   * @param command what {@code serve} is given to
   * @param folder holds {@code data}; its configuration and its log come here
   * @param port 0 for a free one, which {@link #portal} tells
   * @param settings more lines of the configuration
   */
  public static ServeProcess start(List<String> command, Path folder, int port, String settings)
      throws IOException {
    Path config = folder.resolve("rootstock.yaml");
    Files.writeString(
        config,
        """
        data: %s
        iscsi: { listen: ["127.0.0.1:%d"], name-prefix: "%s" }
        %s
        """
            .formatted(folder.resolve("data"), port, PREFIX, settings));
    List<String> all = new ArrayList<>(command);
    all.addAll(List.of("serve", "--config", config.toString()));
    Path log = folder.resolve("serve.log");
    return new ServeProcess(
        new ProcessBuilder(all)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start(),
        log);
  }

  /** Where it listens; waits until it says so. */
  public InetSocketAddress portal() throws IOException {
    while (portal == null) {
      String line = output.readLine();
      if (line == null) {
        throw new IOException("the service ended before it listened: " + Files.readString(log));
      }
      if (line.startsWith(READY)) {
        portal =
            new InetSocketAddress(
                InetAddress.getLoopbackAddress(),
                Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
      }
    }
    return portal;
  }

  /** The target of a client of {@link Population}. */
  public static String target(int client) {
    return PREFIX + ":" + Population.client(client);
  }

  Process process() {
    return process;
  }

  /** Ends it in order, as systemd would, and returns its exit status. */
  public int stop(Duration limit) throws IOException, InterruptedException {
    process.destroy();
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException("the service did not end in " + limit);
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
