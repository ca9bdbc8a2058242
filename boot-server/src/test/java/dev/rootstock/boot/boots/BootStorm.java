// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootBench.Answer;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Machines that share one identity and the server's view of them, driven by a seed. A model of each
 * machine knows what it may be given; {@link BootBench} knows what must hold at every effect.
 */
final class BootStorm {
  enum Stage {
    OFF,
    FIRMWARE,
    SYSTEM
  }

  /** One machine, as it is and not as the server believes. */
  static final class Machine {
    final InetAddress address;
    Stage stage = Stage.OFF;
    int powerOns;
    boolean cut;

    /** What its boot was given: a running system must never be given anything else. */
    long generation;

    @Nullable UUID overlay;
    long session = -1;
    long lostAt = Long.MIN_VALUE;

    /** Whether somebody had a right to take the disk since it lost its session. */
    boolean forfeited;

    /** Another machine's system has had the disk since, so what is in memory is old. */
    boolean stale;

    Machine(InetAddress address) {
      this.address = address;
    }
  }

  private record Origin(Machine machine, int powerOn, Stage stage) {}

  final BootBench bench = new BootBench();
  final List<Machine> machines = new ArrayList<>();
  final Random random;

  /** What happened, for whoever has to find out why a seed fails. */
  final Deque<String> story = new ArrayDeque<>();

  private final Map<Long, Origin> origins = new HashMap<>();

  BootStorm(long seed, int count) {
    random = new Random(seed);
    bench.mode = any(List.of(Mode.values()));
    bench.prober = this::probe;
    for (InetAddress address : List.of(BootBench.X, BootBench.Y, BootBench.Z).subList(0, count)) {
      machines.add(new Machine(address));
    }
  }

  <T> T any(List<T> choice) {
    return choice.get(random.nextInt(choice.size()));
  }

  /** What the wire would find (TargetSession.probe). */
  private Liveness probe(long id) {
    Origin origin = Objects.requireNonNull(origins.get(id), "no machine made this session");
    Machine machine = origin.machine();
    if (machine.stage == Stage.OFF || machine.cut) {
      return Liveness.SILENT;
    }
    if (machine.powerOns != origin.powerOn() || machine.stage != origin.stage()) {
      return Liveness.DEAD;
    }
    boolean idleFirmware = machine.stage == Stage.FIRMWARE && random.nextBoolean();
    return idleFirmware ? Liveness.SILENT : Liveness.ALIVE;
  }

  // ---- what machines do ----

  /** A number below {@code most}, noted in the story. */
  int choice(int most) {
    int choice = random.nextInt(most);
    story.addLast("step " + choice);
    return choice;
  }

  /** Without a word: the server still believes in its session, now and then a FIN gets out. */
  void powerOff(Machine machine) {
    if (random.nextBoolean()) {
      loseConnection(machine);
    }
    machine.stage = Stage.OFF;
    machine.cut = false;
    machine.session = -1;
  }

  void powerOn(Machine machine, boolean dhcp) {
    machine.stage = Stage.FIRMWARE;
    machine.powerOns++;
    machine.stale = false;
    machine.session = -1;
    if (dhcp) {
      bench.discover();
    }
    firmwareLogin(machine);
  }

  boolean firmwareLogin(Machine machine) {
    Answer.Granted granted = login(machine, InitiatorKind.FIRMWARE);
    if (granted == null) {
      machine.stage = Stage.OFF;
      return false;
    }
    machine.generation = granted.generation();
    machine.overlay = granted.overlay();
    return true;
  }

  void systemLogin(Machine machine) {
    Answer.Granted granted = login(machine, InitiatorKind.OPERATING_SYSTEM);
    if (granted == null) {
      return;
    }
    assertEquals(machine.generation, granted.generation(), "a running machine changed its boot");
    assertEquals(machine.overlay, granted.overlay(), "a running machine's disk was exchanged");
    assertFalse(machine.stale, "a machine came back to a disk that another one had written to");
    machines.stream()
        .filter(other -> other != machine)
        .forEach(other -> other.stale = other.stage == Stage.SYSTEM);
    machine.lostAt = Long.MIN_VALUE;
    machine.forfeited = false;
  }

  private Answer.@Nullable Granted login(Machine machine, InitiatorKind kind) {
    Stage stage = kind == InitiatorKind.FIRMWARE ? Stage.FIRMWARE : Stage.SYSTEM;
    machine.stage = stage;
    long next = bench.nextId();
    origins.put(next, new Origin(machine, machine.powerOns, stage));
    long id = bench.login(machine.address, kind);
    assertEquals(next, id);
    Answer answer = bench.answers.get(id);
    story.addLast(machine.address.getHostAddress() + " " + kind + ": " + answer);
    if (answer instanceof Answer.Granted granted && bench.access.containsKey(id)) {
      machine.session = id;
      return granted;
    }
    return null;
  }

  void loseConnection(Machine machine) {
    if (connected(machine)) {
      bench.close(machine.session);
      machine.session = -1;
      machine.lostAt = bench.now;
    }
  }

  /** Its cable is pulled: its silence gives twins a right to the disk. */
  void cut(Machine machine) {
    machine.cut = machine.stage != Stage.OFF;
    machine.forfeited = machine.cut;
  }

  /** Asserts that nobody took the disk from a machine that answers. */
  void nobodyIsRobbed() {
    for (Machine machine : machines) {
      if (machine.stage == Stage.SYSTEM
          && machine.session >= 0
          && !machine.forfeited
          && !bench.takeover) {
        assertTrue(connected(machine), "a living machine lost its disk");
      }
    }
  }

  boolean connected(Machine machine) {
    return bench.access.containsKey(machine.session);
  }

  void restartServer() {
    bench.restart();
    serverRestarted();
  }

  /** All connections are gone; a machine whose disk had been taken lost it earlier. */
  void serverRestarted() {
    bench.crashed = false;
    for (Machine machine : machines) {
      machine.lostAt = machine.session >= 0 ? bench.now : machine.lostAt;
      machine.session = -1;
    }
  }
}
