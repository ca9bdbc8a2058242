// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A file that is being sent when its server stops. */
class BootFileOverHttpTest {
  private final CompletableFuture<HttpServer> server = new CompletableFuture<>();
  private final CompletableFuture<Thread> answering = new CompletableFuture<>();

  /** Stops the server when it is closed, which is after the last byte was sent. */
  private final class LastThing implements SeekableByteChannel {
    private boolean open = true;
    private long position;

    @Override
    public int read(ByteBuffer into) {
      int length = into.remaining();
      into.put(new byte[length]);
      position += length;
      return length;
    }

    @Override
    public int write(ByteBuffer from) {
      throw new UnsupportedOperationException(); // boot files are only read
    }

    @Override
    public long position() {
      return position;
    }

    @Override
    public SeekableByteChannel position(long to) {
      position = to;
      return this;
    }

    @Override
    public long size() {
      return 1000;
    }

    @Override
    public SeekableByteChannel truncate(long size) {
      throw new UnsupportedOperationException(); // boot files are only read
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
      server.join().close();
      answering.complete(Thread.currentThread());
    }
  }

  @Test
  void aConnectionThatIsKeptBeyondItsServerIsNoFailure() throws Exception {
    ListAppender<ILoggingEvent> warned = new ListAppender<>();
    warned.start();
    Logger log = (Logger) LoggerFactory.getLogger(HttpServer.class);
    log.addAppender(warned);
    try {
      HttpServer started =
          HttpServer.start(
              List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
              Map.of("/boot/", (request, rest) -> new Answer.File(new BootFile(new LastThing()))));
      server.complete(started);
      try (Socket socket = new Socket()) {
        socket.connect(started.addresses().getFirst());
        socket
            .getOutputStream()
            .write("GET /boot/x HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        answering.get(60, TimeUnit.SECONDS).join(60_000);
      }
      assertEquals(List.of(), warned.list);
    } finally {
      log.detachAppender(warned);
    }
  }
}
