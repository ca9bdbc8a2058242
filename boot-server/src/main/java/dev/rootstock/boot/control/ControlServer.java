// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.Limits;
import dev.rootstock.images.store.Progress;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves commands on {@code <data>/control.sock}, to the server's own user and root only. */
public final class ControlServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ControlServer.class);

  private final Workplace workplace;
  private final Path socket;
  private final ServerSocketChannel server;
  private final Semaphore free = new Semaphore(Limits.CONTROL_CONNECTIONS);
  private final Set<Thread> workers = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("control-clock").daemon().factory());

  private ControlServer(Workplace workplace, Path socket, ServerSocketChannel server) {
    this.workplace = workplace;
    this.socket = socket;
    this.server = server;
  }

  /** Opens the socket. The store's lock is held, so a socket that is there is a dead server's. */
  public static ControlServer start(Workplace workplace) throws RefusedException {
    Path socket = ControlSocket.of(workplace.installation().configuration().data());
    ServerSocketChannel server;
    try {
      server = bind(socket);
    } catch (IOException e) {
      throw new RefusedException(
          "the control socket %s cannot be made: %s".formatted(socket, e.getMessage()), e);
    }
    ControlServer control = new ControlServer(workplace, socket, server);
    Thread.ofPlatform().name("control").daemon().start(control::accept);
    return control;
  }

  /**
   * Binds in a folder that nobody else may enter, so that the socket has its mode before anybody
   * can see it, then moves it to its place.
   */
  private static ServerSocketChannel bind(Path socket) throws IOException, RefusedException {
    Path folder =
        Files.createTempDirectory(
            socket.toAbsolutePath().getParent(),
            ".c",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path hidden = folder.resolve("s");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(ControlSocket.address(hidden));
      Files.setPosixFilePermissions(hidden, PosixFilePermissions.fromString("rw-------"));
      Files.move(hidden, socket, StandardCopyOption.ATOMIC_MOVE);
      return server;
    } catch (IOException | RefusedException e) {
      server.close();
      throw e;
    } finally {
      Files.deleteIfExists(hidden);
      Files.deleteIfExists(folder);
    }
  }

  /** Takes no more commands, ends those that run, and removes the socket. */
  @Override
  public void close() {
    try {
      server.close();
      Files.deleteIfExists(socket);
    } catch (IOException e) {
      log.warn("the control socket was not closed in order: {}", e.toString());
    }
    workers.forEach(Thread::interrupt);
    boolean ended = false;
    try {
      ended =
          free.tryAcquire(
              Limits.CONTROL_CONNECTIONS,
              Limits.CONTROL_STOP_TIME.toMillis(),
              TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      log.warn("a command that was running did not end");
    }
    clock.shutdownNow();
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        free.acquire();
        SocketChannel channel;
        try {
          channel = server.accept();
        } catch (IOException e) {
          free.release();
          throw e;
        }
        Thread.ofPlatform().name("command").daemon().start(() -> serve(channel));
      } catch (ClosedChannelException | InterruptedException e) {
        return;
      } catch (IOException e) {
        log.warn("a command could not connect: {}", e.toString());
        pause();
      }
    }
  }

  /** Out of descriptors, most likely: let some time pass before the next attempt. */
  private static void pause() {
    try {
      Thread.sleep(Duration.ofMillis(100));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(SocketChannel channel) {
    workers.add(Thread.currentThread());
    try (channel) {
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      OutputStream out = Channels.newOutputStream(channel);
      JsonNode request = request(channel, in);
      if (request != null) {
        Lines.write(out, answer(request, out));
      }
    } catch (IOException | UncheckedIOException e) {
      log.debug("a command's connection ended: {}", e.toString());
    } finally {
      workers.remove(Thread.currentThread());
      free.release();
    }
  }

  /** Reads the request, and closes on whoever does not send one in time. */
  private @Nullable JsonNode request(SocketChannel channel, InputStream in) throws IOException {
    ScheduledFuture<?> late =
        clock.schedule(
            () -> close(channel), Limits.CONTROL_REQUEST_TIME.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return Lines.read(in, Limits.CONTROL_REQUEST_BYTES);
    } finally {
      late.cancel(false);
    }
  }

  private ObjectNode answer(JsonNode request, OutputStream out) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    String operation = request.path("operation").asText();
    try {
      answer.set(
          "result", Operations.run(workplace, operation, request.path("arguments"), progress(out)));
      log.debug("{} done", operation);
    } catch (UncheckedIOException e) {
      // The one who asked has gone: the operation has undone what it began.
      throw e;
    } catch (InterruptedException e) {
      answer.put("refused", "the server stops: try '%s' again when it runs".formatted(operation));
    } catch (Exception e) {
      if (!Operations.isRefusal(e)) {
        log.error("{} failed", operation, e);
      }
      answer.put("refused", e.getMessage() == null ? e.toString() : e.getMessage());
    }
    return answer;
  }

  /** Tells the client; a client that has gone ends the operation. */
  private static Progress progress(OutputStream out) {
    return (done, total) -> {
      ObjectNode line = JsonNodeFactory.instance.objectNode();
      line.putObject("progress").put("done", done).put("total", total);
      try {
        Lines.write(out, line);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      log.debug("a silent command's connection: {}", e.toString());
    }
  }
}
