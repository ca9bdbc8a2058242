// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/** What the machine itself can do, to hold the servers against: no protocol, no tasks, no map. */
final class Bounds {
  private static final int HEADER = 48;

  private Bounds() {}

  /** Sends messages with a header over loopback as fast as a reader takes them. */
  static Trial loopback(int bytes) {
    return seconds -> {
      ByteBuffer message = ByteBuffer.allocateDirect(HEADER + bytes);
      try (ServerSocketChannel listener = ServerSocketChannel.open()) {
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (SocketChannel out = SocketChannel.open(listener.getLocalAddress());
            SocketChannel in = listener.accept()) {
          Thread reader = Thread.ofPlatform().daemon().start(() -> drain(in));
          long end = System.nanoTime() + seconds * 1_000_000_000L;
          long sent = 0;
          while (System.nanoTime() < end) {
            message.clear();
            while (message.hasRemaining()) {
              out.write(message);
            }
            sent++;
          }
          out.shutdownOutput();
          reader.join();
          return Sample.of((double) sent / seconds, 0);
        }
      }
    };
  }

  private static void drain(SocketChannel in) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(1 << 20);
    try {
      while (in.read(bytes) >= 0) {
        bytes.clear();
      }
    } catch (IOException ended) {
      // The sender sees the same end.
    }
  }

  /** Reads random pieces of a file that is in the page cache. */
  static Trial file(Path file, int bytes) {
    return seconds -> {
      ByteBuffer piece = ByteBuffer.allocateDirect(bytes);
      SplittableRandom random = new SplittableRandom(1);
      long places = BenchLimits.DISK_BYTES / bytes;
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        long done = 0;
        while (System.nanoTime() < end) {
          channel.read(piece.clear(), random.nextLong(places) * bytes);
          done++;
        }
        return Sample.of((double) done / seconds, 0);
      }
    };
  }
}
