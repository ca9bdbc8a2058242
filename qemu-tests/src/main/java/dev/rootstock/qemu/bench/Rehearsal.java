// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * One short run of the service, in which the JVM learns what it will need: with {@code
 * -XX:AOTCacheOutput} in its flags it leaves a cache of loaded classes (JEP 483, 514, 515), from
 * which the next start is quick. The launcher runs this once after each build.
 */
public final class Rehearsal {
  /** Enough that what is done for each client is seen to be done often. */
  private static final int CLIENTS = 500;

  private static final int BLOCK = 512;

  private Rehearsal() {}

  /**
   * Ends with 0 when the service ran and ended in order.
   *
   * @param command what {@code serve} is given to, the JVM's flags included
   */
  public static void main(String[] command) {
    try {
      Path folder = Files.createTempDirectory("rootstock-rehearsal");
      try {
        run(folder, List.of(command));
      } finally {
        Bench.delete(folder);
      }
    } catch (IOException e) {
      System.err.println("rootstock: the rehearsal of a start failed: " + e.getMessage());
      System.exit(1);
    } catch (InterruptedException e) {
      System.exit(1);
    }
  }

  private static void run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    Path image = folder.resolve("image.raw");
    try (var file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(BenchLimits.SMALL_DISK_BYTES);
    }
    Population.make(folder.resolve("data"), image, CLIENTS);
    try (var server =
        ServeProcess.start(
            command,
            folder,
            0,
            """
            server: 127.0.0.1
            http: { listen: "127.0.0.1:0" }
            """)) {
      for (int client = 0; client < 2; client++) {
        use(server, client);
      }
      int status = server.stop(BenchLimits.REHEARSAL);
      if (status != 0) {
        throw new IOException("the service ended with status " + status);
      }
    }
  }

  /** What a machine does first. */
  private static void use(ServeProcess server, int client) throws IOException {
    LoginOptions options =
        LoginOptions.normal(Population.initiator(client), ServeProcess.target(client));
    try (var session = Initiator.login(server.portal(), options, BenchLimits.ANSWER)) {
      session.readBlocks(0, 0, 64);
      session.writeBlocks(0, 8, new byte[8 * BLOCK]);
      session.readBlocks(0, 8, 8);
      session.ping(new byte[0]);
      session.logout();
    }
    try (var session =
        Initiator.login(
            server.portal(),
            LoginOptions.discovery(Population.initiator(client)),
            BenchLimits.ANSWER)) {
      session.sendTargets("All");
      session.logout();
    }
  }
}
