// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.config.Configuration;
import dev.rootstock.boot.config.ConfigurationFile;
import dev.rootstock.boot.control.ControlClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The real service as a storm meets it: one that is started for it, or one that runs already.
 * Clients are made through its control socket for each storm, and removed after it.
 */
final class StormService implements AutoCloseable {
  private static final String NAME = "Rootstock, golden image and overlays";

  private final Configuration configuration;
  private final InetSocketAddress portal;
  private final @Nullable RootstockServer own;
  private final @Nullable Path source;
  private final String image;
  private int storms;

  private StormService(
      Configuration configuration,
      InetSocketAddress portal,
      @Nullable RootstockServer own,
      @Nullable Path source,
      String image) {
    this.configuration = configuration;
    this.portal = portal;
    this.own = own;
    this.source = source;
    this.image = image;
  }

  /**
   * Starts a service of its own. Every storm gets an image of its own that holds what the trace
   * reads, and that is not in the page cache.
   *
   * @param folder for all its files
   */
  static StormService own(Path folder, BootTrace trace) throws Exception {
    Path source = folder.resolve("source.raw");
    TraceImage.write(trace, source);
    RootstockServer server =
        RootstockServer.service(folder.resolve("service"), source, "", List.of());
    return new StormService(
        ConfigurationFile.load(server.configuration()), server.portal(), server, source, "golden");
  }

  /**
   * Uses a service that runs.
   *
   * @param file its configuration
   * @param image what the clients boot from
   * @param trace what they do to its disk
   * @throws IOException when nobody listens there, or the image's disk is too small for the trace
   */
  static StormService running(Path file, String image, BootTrace trace) throws Exception {
    Configuration configuration = ConfigurationFile.load(file);
    InetSocketAddress listen = configuration.iscsi().listen().getFirst().address();
    InetAddress address =
        listen.getAddress().isAnyLocalAddress()
            ? InetAddress.getLoopbackAddress()
            : listen.getAddress();
    InetSocketAddress portal = new InetSocketAddress(address, listen.getPort());
    try (var socket = new Socket()) {
      socket.connect(portal, (int) BenchLimits.ANSWER.toMillis());
    } catch (IOException e) {
      throw new IOException(
          "no service listens on %s, which %s names: start 'rootstock serve --config %s' first"
              .formatted(portal, file, file),
          e);
    }
    long size = diskBytes(configuration, image);
    if (size < trace.diskBytes()) {
      throw new IOException(
          ("the disk of %s has %,d bytes, and the trace is of a machine whose disk had %,d: choose"
                  + " an image that is as large, or make one by 'rootstock image create NAME --size"
                  + " %d'")
              .formatted(image, size, trace.diskBytes(), trace.diskBytes()));
    }
    return new StormService(configuration, portal, null, null, image);
  }

  /** The disk's size of the version that a new client of the image gets. */
  private static long diskBytes(Configuration configuration, String image) throws Exception {
    ObjectNode arguments = JsonNodeFactory.instance.objectNode().put("image", image);
    JsonNode versions =
        ControlClient.call(configuration, "image show", arguments, (done, total) -> {})
            .path("images");
    for (JsonNode version : versions) {
      if (versions.size() == 1 || version.path("default").asBoolean()) {
        return version.path("sizeBytes").asLong();
      }
    }
    throw new IOException("the service knows no default version of " + image);
  }

  /** Disks for so many machines. */
  StormDisks disks(int count) throws Exception {
    int storm = ++storms;
    String from = own == null ? image : "boot" + storm;
    if (own != null && source != null) {
      ObjectNode arguments = JsonNodeFactory.instance.objectNode();
      arguments.put("file", source.toAbsolutePath().toString()).put("name", from);
      call("image import", arguments, "name");
      TraceImage.forget(configuration.data().resolve("images").resolve(from).resolve("1.raw"));
    }
    List<String> clients = new ArrayList<>();
    List<Disk> disks = new ArrayList<>();
    StormDisks.Removal removal = () -> remove(clients);
    try {
      for (int i = 0; i < count; i++) {
        String client = "storm-%d-%d-%d".formatted(ProcessHandle.current().pid(), storm, i);
        ObjectNode arguments = JsonNodeFactory.instance.objectNode();
        arguments.put("name", client).put("image", from);
        String target = call("client add", arguments, "target");
        clients.add(client);
        disks.add(new Disk(portal, target, 0));
      }
    } catch (Exception e) {
      removal.remove();
      throw e;
    }
    return new StormDisks(NAME, process(), disks, removal);
  }

  private void remove(List<String> clients) throws Exception {
    for (String client : clients) {
      ObjectNode arguments = JsonNodeFactory.instance.objectNode();
      arguments.put("name", client).put("force", true);
      call("client remove", arguments, "removed");
    }
  }

  private String call(String operation, ObjectNode arguments, String field) throws Exception {
    return ControlClient.call(configuration, operation, arguments, (done, total) -> {})
        .path(field)
        .asText();
  }

  private Optional<ProcessHandle> process() throws IOException {
    return own == null ? listener(portal.getPort()) : Optional.of(own.process().toHandle());
  }

  /** Whoever has a socket of ours to see that listens on the port. */
  private static Optional<ProcessHandle> listener(int port) throws IOException {
    List<String> sockets = new ArrayList<>();
    String local = ":%04X ".formatted(port);
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      for (String line : Files.readAllLines(Path.of(table))) {
        String[] fields = line.strip().split(" +", -1);
        if (fields.length > 9 && (fields[1] + " ").endsWith(local) && fields[3].equals("0A")) {
          sockets.add("socket:[" + fields[9] + "]");
        }
      }
    }
    return ProcessHandle.allProcesses().filter(each -> has(each, sockets)).findFirst();
  }

  private static boolean has(ProcessHandle process, List<String> sockets) {
    try (var open = Files.newDirectoryStream(Path.of("/proc/" + process.pid(), "fd"))) {
      for (Path each : open) {
        if (sockets.contains(Files.readSymbolicLink(each).toString())) {
          return true;
        }
      }
    } catch (IOException e) {
      // It has ended, or is another user's.
    }
    return false;
  }

  /** The folder of {@link #own} with all data; whoever started it deletes it. */
  Configuration configuration() {
    return configuration;
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }
}
