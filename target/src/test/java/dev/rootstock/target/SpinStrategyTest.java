// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.wire.Limits;
import io.netty.channel.SelectStrategy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SpinStrategyTest {
  private static final Duration LONG = Duration.ofHours(1);

  @Test
  void whatIsReadyIsServed() throws Exception {
    assertEquals(3, new SpinStrategy(LONG).calculateStrategy(() -> 3, false));
    assertEquals(3, new SpinStrategy(Duration.ZERO).calculateStrategy(() -> 3, false));
    assertEquals(0, new SpinStrategy(Duration.ZERO).calculateStrategy(() -> 0, true), "tasks wait");
  }

  @Test
  void aLoopLooksAgainUntilItsTimeIsOver() throws Exception {
    assertEquals(SelectStrategy.CONTINUE, new SpinStrategy(LONG).calculateStrategy(() -> 0, false));
    assertEquals(
        SelectStrategy.SELECT, new SpinStrategy(Duration.ZERO).calculateStrategy(() -> 0, false));
  }

  @Test
  void workThatWokeALoopIsWorkToLookForMoreAfter() throws Exception {
    var now = new AtomicLong();
    var strategy = new SpinStrategy(Duration.ofNanos(100), now::get);
    now.set(100);
    assertEquals(SelectStrategy.SELECT, strategy.calculateStrategy(() -> 0, false), "falls asleep");

    now.set(500); // what woke it has been served by now, so nothing is ready
    assertEquals(SelectStrategy.CONTINUE, strategy.calculateStrategy(() -> 0, false), "woken");
    now.set(599);
    assertEquals(SelectStrategy.CONTINUE, strategy.calculateStrategy(() -> 0, false), "its last");
    now.set(600);
    assertEquals(SelectStrategy.SELECT, strategy.calculateStrategy(() -> 0, false), "asleep again");
  }

  @Test
  void aSpinningTargetServes() throws Exception {
    var disk = new MemoryBlockDevice(1 << 20);
    var portal = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    var settings = TargetSettings.listeningOn(portal).withSpin(Limits.SPIN);
    try (IscsiTarget target = IscsiTarget.start(settings, new OpenAdmission(disk));
        Initiator initiator =
            Initiator.login(
                target.addresses().getFirst(), TestServer.options(), Duration.ofSeconds(30))) {
      initiator.read(0, new byte[6], 0); // the unit attention
      byte[] data = new byte[4096];
      data[17] = 1;
      for (int i = 0; i < 50; i++) {
        assertTrue(initiator.writeBlocks(0, 8L * i, data).good());
        assertArrayEquals(data, initiator.readBlocks(0, 8L * i, 8).data());
      }
    }
  }
}
