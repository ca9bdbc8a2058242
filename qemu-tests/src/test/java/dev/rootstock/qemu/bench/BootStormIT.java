// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.qemu.bench.BootTrace.Kind;
import dev.rootstock.qemu.bench.BootTrace.Operation;
import dev.rootstock.target.Isid;
import dev.rootstock.target.initiator.BusySession;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines that boot as one was recorded to, from the real service. */
class BootStormIT {
  private static final int MACHINES = 4;

  @TempDir private Path folder;

  @Test
  void allBootAndEachFindsWhatItWroteAndNothingElse() throws Exception {
    BootTrace trace = BootTraceFile.ours();
    try (StormService service = StormService.own(folder, trace)) {
      Path golden = folder.resolve("service/data/images/boot1/1.raw");
      try (StormDisks storm = service.disks(MACHINES)) {
        BootStormRun.Met met =
            BootStormRun.run(trace, 0, storm.disks(), new StormProgress("a test"));

        assertEquals(MACHINES, met.bootNanos().size());
        assertEquals((long) MACHINES * trace.operations().size(), met.latency().getTotalCount());
        assertEquals(MACHINES * (trace.bytes(Kind.READ) + trace.bytes(Kind.WRITE)), met.bytes());
        for (int i = 0; i < MACHINES; i++) {
          assertHolds(storm.disks().get(i), i, trace, folder.resolve("source.raw"));
        }
      }
      assertEquals(-1, Files.mismatch(folder.resolve("source.raw"), golden), "the golden image");
    }
  }

  @Test
  void whatGoesThroughTheRelayIsRecordedAndAMachinesTraceMayHoldIt() throws Exception {
    BootTrace ours = BootTraceFile.ours();
    try (StormService service = StormService.own(folder, ours);
        StormDisks storm = service.disks(1);
        RecordingRelay relay = new RecordingRelay(storm.disks().getFirst().portal())) {
      var portal = new InetSocketAddress(InetAddress.getLoopbackAddress(), relay.port());
      Disk through = new Disk(portal, storm.disks().getFirst().target(), 0);
      BootTrace asked =
          new BootTrace(
              "a test",
              ours.diskBytes(),
              List.of(
                  new Operation(0, 1, Kind.READ, 4096, 512),
                  new Operation(2, 1, Kind.WRITE, 8192, 1 << 19),
                  new Operation(4, 1, Kind.FLUSH, 0, 0),
                  new Operation(6, 1, Kind.DISCARD, 8192, 4096)));
      BootStormRun.run(asked, 0, List.of(through), new StormProgress("a test"));

      List<Operation> recorded = relay.ended();
      assertEquals(
          asked.operations().stream().map(BootStormIT::what).toList(),
          recorded.stream().map(BootStormIT::what).toList());
      assertEquals(0, recorded.getFirst().beganMicros());
      new BootTrace("recorded", ours.diskBytes(), recorded);
    }
  }

  private static String what(Operation operation) {
    return operation.kind() + " " + operation.offset() + " " + operation.length();
  }

  /** Every block that the machine wrote, and those around it, which are the golden image's. */
  private static void assertHolds(Disk disk, int machine, BootTrace trace, Path golden)
      throws Exception {
    Map<Long, byte[]> blocks = new HashMap<>();
    for (Operation each : trace.operations()) {
      if (each.kind() == Kind.WRITE) {
        byte[] written =
            BusySession.written(BootStormRun.shift(machine), Math.toIntExact(each.length()));
        for (int at = 0; at < written.length; at += BootTrace.BLOCK) {
          blocks.put(
              (each.offset() + at) / BootTrace.BLOCK,
              Arrays.copyOfRange(written, at, at + BootTrace.BLOCK));
        }
      }
    }
    assertTrue(!blocks.isEmpty(), "the trace writes nothing");
    LoginOptions options =
        LoginOptions.normal(BootStormRun.initiator(machine), disk.target())
            .withIsid(new Isid(machine + 1));
    try (var source = Files.newByteChannel(golden);
        Initiator reader = Initiator.login(disk.portal(), options, BenchLimits.ANSWER)) {
      reader.read(disk.lun(), new byte[6], 0); // TEST UNIT READY takes note of the power-on
      for (long lba : List.copyOf(blocks.keySet())) {
        for (long near = Math.max(0, lba - 1); near <= lba + 1; near++) {
          byte[] expected = blocks.get(near);
          if (expected == null) {
            expected = new byte[BootTrace.BLOCK];
            source.position(near * BootTrace.BLOCK).read(java.nio.ByteBuffer.wrap(expected));
          }
          assertArrayEquals(
              expected, reader.readBlocks(disk.lun(), near, 1).data(), "block " + near);
        }
      }
    }
  }
}
