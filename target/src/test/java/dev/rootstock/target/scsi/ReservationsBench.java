// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.UnitMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Three initiators that share one disk, and what they say to each other through reservations. */
final class ReservationsBench {
  static final String TEST_UNIT_READY = "00";
  static final String GOOD = "good";
  static final String CONFLICT = "conflict";

  // The service actions of PERSISTENT RESERVE OUT.
  static final int REGISTER = 0;
  static final int RESERVE = 1;
  static final int RELEASE = 2;
  static final int CLEAR = 3;
  static final int PREEMPT = 4;
  static final int PREEMPT_AND_ABORT = 5;
  static final int REGISTER_AND_IGNORE = 6;
  static final int REGISTER_AND_MOVE = 7;

  // Types of reservation.
  static final int WRITE_EXCLUSIVE = 1;
  static final int EXCLUSIVE_ACCESS = 3;
  static final int WRITE_EXCLUSIVE_REGISTRANTS = 5;
  static final int EXCLUSIVE_ACCESS_REGISTRANTS = 6;
  static final int WRITE_EXCLUSIVE_ALL = 7;
  static final int EXCLUSIVE_ACCESS_ALL = 8;

  final MemoryBlockDevice device = new MemoryBlockDevice(1 << 20);
  final Memory memory = new Memory();

  /** Whose commands were aborted: "initiator lun". */
  final List<String> aborted = new ArrayList<>();

  private final List<Integer> ports;
  ScsiTarget target;
  Nexus first;
  Nexus second;
  Nexus third;

  ReservationsBench() {
    this(List.of(Bench.PORT));
  }

  /** A target with such ports; its first sessions come through {@link Bench#PORT}. */
  ReservationsBench(List<Integer> ports) {
    this.ports = ports;
    target = new ScsiTarget(Bench.TARGET, ports);
    first = attach(1);
    second = attach(2);
    third = attach(3);
  }

  /** What a unit remembers, in the test's memory. */
  static final class Memory implements UnitMemory {
    byte[] bytes = new byte[0];
    boolean fails;

    @Override
    public byte[] load() {
      return bytes;
    }

    @Override
    public CompletionStage<Void> save(byte[] state) {
      if (fails) {
        return CompletableFuture.failedFuture(new IllegalStateException("as the test wants"));
      }
      bytes = state;
      return CompletableFuture.completedFuture(null);
    }
  }

  Nexus attach(int number) {
    return attach(number, Bench.PORT);
  }

  Nexus attach(int number, int port) {
    LogicalUnit unit = new LogicalUnit(0, device, Bench.NAA, Bench.SERIAL, memory);
    Nexus nexus =
        target.attach(
            Bench.initiator(number),
            port,
            List.of(unit),
            (lun, atRest) -> {
              aborted.add(number + " " + lun + (port == Bench.PORT ? "" : " through " + port));
              atRest.run();
            });
    nexus.plan(0, Bench.cdb(TEST_UNIT_READY), 0);
    return nexus;
  }

  /** A new boot of the same client: the unit is powered on. */
  void powerOn() {
    target = new ScsiTarget(Bench.TARGET, ports);
    first = attach(1);
    second = attach(2);
    third = attach(3);
  }

  static String run(Nexus nexus, String cdb, byte[] out) {
    AtomicReference<Plan.@Nullable Outcome> end = new AtomicReference<>();
    Bench.start(nexus.plan(0, Bench.cdb(cdb), out.length), out, end::set);
    Plan.Outcome outcome = end.get();
    assertNotNull(outcome, cdb);
    return switch (outcome) {
      case Plan.Respond _ -> GOOD;
      case Plan.Fail(ScsiStatus status, Sense sense) ->
          status == ScsiStatus.RESERVATION_CONFLICT ? CONFLICT : "" + sense;
    };
  }

  static String run(Nexus nexus, String cdb) {
    return run(nexus, cdb, new byte[0]);
  }

  /** PERSISTENT RESERVE OUT with the basic parameter list. */
  static String out(Nexus nexus, int action, int type, long key, long actionKey, int flags) {
    String list = "%016x%016x00000000%02x000000".formatted(key, actionKey, flags);
    return run(nexus, "5F %02X %02X 0000 00000018 00".formatted(action, type), Bench.bytes(list));
  }

  static String out(Nexus nexus, int action, int type, long key, long actionKey) {
    return out(nexus, action, type, key, actionKey, 0);
  }

  /** Registers a key that has to be free. */
  static void register(Nexus nexus, long key) {
    assertEquals(GOOD, out(nexus, REGISTER, 0, 0, key));
  }

  static String in(Nexus nexus, int action) {
    return Bench.dataOf(
        nexus.plan(0, Bench.cdb("5E %02X 0000000000 0FFF 00".formatted(action)), 0));
  }

  /** PRGENERATION and the registered keys. */
  static String keys(Nexus nexus) {
    return in(nexus, 0);
  }

  /** The key and the type of the reservation, or "none". */
  static String reservation(Nexus nexus) {
    String data = in(nexus, 1);
    return data.length() == 16 ? "none" : data.substring(16, 32) + " " + data.substring(42, 44);
  }

  /** The unit attention that waits, or "none"; it is taken. */
  static String attention(Nexus nexus) {
    String result = run(nexus, TEST_UNIT_READY);
    return result.equals(GOOD) ? "none" : result;
  }
}
