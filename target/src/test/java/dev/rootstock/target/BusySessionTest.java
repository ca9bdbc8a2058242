// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The session that makes load says the truth about what it did. */
class BusySessionTest {
  private static final int BLOCK = 512;

  private final MemoryBlockDevice disk = new MemoryBlockDevice(8 << 20);
  private final Map<Integer, Integer> ended = new HashMap<>();

  @ParameterizedTest
  @ValueSource(strings = {"None", "CRC32C"})
  void manyWritesAndReadsEnd(String digest) throws Exception {
    LoginOptions options =
        TestServer.options().with("HeaderDigest", digest).with("DataDigest", digest);
    try (TestServer server = TestServer.of(disk);
        BusySession session = login(server, options)) {
      for (int i = 0; i < 16; i++) {
        session.write(i * 512L, 512); // 256 KiB: immediate data, and what an R2T asks for
        session.write(i * 512L + 256, 8);
        session.read(i * 512L, 512);
      }
      run(session, 48);
      ended.values().forEach(status -> assertEquals(0, status));
    }
  }

  @Test
  void whatItWritesIsOnTheDisk() throws Exception {
    try (TestServer server = TestServer.of(disk);
        BusySession session = login(server, TestServer.options())) {
      session.write(0, 1024);
      session.write(4096, 16);
      run(session, 2);
      Initiator reader = server.login(TestServer.options().withIsid(new Isid(2)));
      byte[] small = reader.readBlocks(0, 4096, 16).data();
      byte[] large = reader.readBlocks(0, 0, 16).data();
      assertArrayEquals(small, large);
      assertFalse(java.util.Arrays.equals(new byte[16 * BLOCK], small));
    }
  }

  @Test
  void whatItFlushesStaysAndWhatItDiscardsIsZeros() throws Exception {
    try (TestServer server = TestServer.of(disk);
        BusySession session = login(server, TestServer.options())) {
      session.shift(48);
      session.write(0, 1024);
      run(session, 1);
      session.flush();
      session.discard(8, 8);
      run(session, 3);
      ended.values().forEach(status -> assertEquals(0, status));
      Initiator reader = server.login(TestServer.options().withIsid(new Isid(2)));
      byte[] expected = BusySession.written(48, 1024 * BLOCK);
      java.util.Arrays.fill(expected, 8 * BLOCK, 16 * BLOCK, (byte) 0);
      assertArrayEquals(expected, reader.readBlocks(0, 0, 1024).data());
    }
  }

  @Test
  void aRefusedCommandEndsWithItsStatus() throws Exception {
    try (TestServer server = TestServer.of(disk);
        BusySession session = login(server, TestServer.options())) {
      int tag = session.read(1L << 40, 8);
      run(session, 1);
      assertEquals(2, ended.get(tag));
    }
  }

  private BusySession login(TestServer server, LoginOptions options) throws IOException {
    return BusySession.login(server.address(), options, 0, Duration.ofSeconds(30), ended::put);
  }

  private void run(BusySession session, int commands) throws IOException {
    try (Selector selector = Selector.open()) {
      SelectionKey key = session.channel().register(selector, SelectionKey.OP_READ);
      while (ended.size() < commands) {
        key.interestOps(
            session.send() ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        assertTrue(selector.select(30_000) > 0, "nothing comes; ended so far: " + ended);
        selector.selectedKeys().clear();
        session.receive();
      }
    }
  }
}
