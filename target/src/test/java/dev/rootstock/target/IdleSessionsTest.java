// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Many machines that have logged in and say nothing. */
class IdleSessionsTest {
  private static final int SESSIONS = 600;

  @Test
  void hundredsOfThemHoldNoBufferAndAreAllThere() throws Exception {
    try (TestServer server = TestServer.of(new MemoryBlockDevice(1 << 20))) {
      List<Initiator> sessions = new ArrayList<>();
      for (int i = 0; i < SESSIONS; i++) {
        Initiator session = server.login(TestServer.options().withIsid(new Isid(i + 1)));
        assertEquals(0, session.readBlocks(0, 0, 8).status());
        sessions.add(session);
      }
      assertEquals(SESSIONS, server.target().sessions(OpenAdmission.TARGET).size());
      TestServer.await(
          "no connection holds a network buffer",
          () -> PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() == 0);
      for (Initiator session : sessions) {
        assertEquals(0, session.readBlocks(0, 8, 8).status());
      }
    }
  }
}
