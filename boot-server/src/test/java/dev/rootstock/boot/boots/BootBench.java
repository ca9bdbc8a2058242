// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.BootEvent.Command;
import dev.rootstock.boot.boots.BootEvent.Login;
import dev.rootstock.boot.boots.BootEvent.Offer;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.images.store.OverlayId;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A client's world without sockets: what is durable, the store's one overlay, who has access, and
 * machines that answer probes as they are told to. Every effect is done at once unless a test says
 * otherwise, and what must always hold is asserted at every one.
 */
final class BootBench {
  static final InetAddress X = InetAddress.ofLiteral("10.0.0.1");
  static final InetAddress Y = InetAddress.ofLiteral("10.0.0.2");
  static final InetAddress Z = InetAddress.ofLiteral("10.0.0.3");
  static final long GRACE = BootLimits.RETURN.toMillis();

  /** How a request was answered. */
  sealed interface Answer {
    record Granted(long generation, @Nullable UUID overlay) implements Answer {}

    record Refused(String reason) implements Answer {}

    record Completed() implements Answer {}
  }

  /** A session that reaches the disk. */
  record Access(long generation, @Nullable UUID overlay, InetAddress address, InitiatorKind kind) {}

  private final Deque<BootEvent> queue = new ArrayDeque<>();

  Mode mode = Mode.EPHEMERAL;
  boolean takeover;
  int version = 1;
  @Nullable String imageProblem;
  long now = 1_000_000;

  /** What survives a crash. */
  @Nullable BootRecord durable;

  @Nullable UUID stored;
  boolean storedDamaged;
  boolean forgotten;

  /** What does not. */
  BootState state = BootState.restored(null, now);

  final Map<Long, Access> access = new LinkedHashMap<>();
  final Map<Long, Answer> answers = new HashMap<>();
  final Map<Long, Liveness> liveness = new HashMap<>();

  /** What probes find where {@link #liveness} says nothing. */
  LongFunction<Liveness> prober = id -> Liveness.ALIVE;

  final List<BootEffect> effects = new ArrayList<>();
  long openDisk;

  /** Whether every machine flushes as soon as it has its disk. */
  boolean flushing = true;

  /** Overlays that something was flushed on: they may never be made again. */
  final Set<UUID> told = new HashSet<>();

  /** The effect matched fails for want of something; null when none does. */
  @Nullable Predicate<BootEffect> failing;

  /** Effects until the server crashes, -1 for never. */
  int crashAfter = -1;

  /** The server has crashed since the test last looked. */
  boolean crashed;

  /** Effects that are held back, to be completed by the test. */
  @Nullable Predicate<BootEffect> holding;

  private long lastId;
  private int lastXid;

  // ---- what happens ----

  BootBench discover() {
    return discover(++lastXid);
  }

  BootBench discover(int xid) {
    return take(new BootEvent.Discover(xid, true));
  }

  BootBench discoverOfSystem() {
    return take(new BootEvent.Discover(++lastXid, false));
  }

  /** Asks for a session; the answer stands in {@link #answers}. */
  long login(InetAddress address, InitiatorKind kind) {
    long id = ++lastId;
    take(new Login(id, address, kind, offer(address)));
    return id;
  }

  /** As {@link #login}, with the proof of a boot. */
  long proved(InetAddress address, InitiatorKind kind, long boot) {
    long id = ++lastId;
    take(new Login(id, address, kind, offer(address), OptionalLong.of(boot)));
    return id;
  }

  /** A session that must be granted. */
  long session(InetAddress address, InitiatorKind kind) {
    long id = login(address, kind);
    assertTrue(answers.get(id) instanceof Answer.Granted, () -> "not granted: " + answers.get(id));
    return id;
  }

  long firmware(InetAddress address) {
    return session(address, InitiatorKind.FIRMWARE);
  }

  long system(InetAddress address) {
    return session(address, InitiatorKind.OPERATING_SYSTEM);
  }

  /** A login that must be refused with a reason that has these words. */
  void refused(InetAddress address, InitiatorKind kind, String words) {
    refused(login(address, kind), words);
  }

  void refused(long id, String words) {
    assertTrue(
        answers.get(id) instanceof Answer.Refused no && no.reason().contains(words),
        () -> "expected a refusal with '" + words + "', got " + answers.get(id));
  }

  BootBench script() {
    return script(X);
  }

  BootBench script(InetAddress address) {
    return take(new BootEvent.ScriptFetched(address));
  }

  /** Somebody at that address chooses a version of the image; null while it is not answered. */
  @Nullable Answer choose(InetAddress address, int chosen) {
    long id = ++lastId;
    take(new BootEvent.ImageChosen(id, address, ImageReference.of("debian", chosen)));
    return answers.get(id);
  }

  /** The number of the next request. */
  long nextId() {
    return lastId + 1;
  }

  @Nullable Answer command(Command.What what, boolean force) {
    if (what == Command.What.REPLACE) {
      return replace(1, force);
    }
    long id = ++lastId;
    take(new Command(id, what, force));
    return answers.get(id);
  }

  /** Replaces the overlay, which keeps its identity where there is one. */
  @Nullable Answer replace(int imageVersion, boolean force) {
    long id = ++lastId;
    UUID overlay = durable == null ? null : durable.overlay();
    Replacement replacement =
        new Replacement(
            overlay == null ? OverlayId.random() : new OverlayId(overlay),
            ImageReference.of("debian", imageVersion),
            ignored -> {});
    take(new Command(id, Command.What.REPLACE, force, replacement));
    return answers.get(id);
  }

  /** The connection is gone, and the server knows. */
  BootBench close(long id) {
    access.remove(id);
    return take(new BootEvent.SessionEnded(id));
  }

  /** What a probe of the session will find. */
  BootBench answers(long id, Liveness found) {
    liveness.put(id, found);
    return this;
  }

  BootBench pass(long millis) {
    now += millis;
    return take(new BootEvent.Tick());
  }

  /** The server's process ends and another one starts. */
  BootBench restart() {
    queue.clear();
    access.clear();
    openDisk = 0;
    crashAfter = -1;
    state = BootState.restored(durable, now);
    return this;
  }

  private Offer offer(InetAddress address) {
    ImageReference chosen = state.chosen(address, now);
    ImageReference image = chosen == null ? ImageReference.of("debian", version) : chosen;
    return new Offer(
        mode,
        takeover,
        imageProblem == null ? image : null,
        imageProblem == null ? "" : imageProblem,
        UUID.randomUUID());
  }

  BootBench take(BootEvent event) {
    queue.addLast(event);
    while (!queue.isEmpty()) {
      BootMachine.Outcome outcome = BootMachine.step(state, queue.removeFirst(), now);
      state = outcome.state();
      for (BootEffect effect : outcome.effects()) {
        if (crashAfter == 0) {
          crashed = true;
          return restart();
        }
        crashAfter = Math.max(-1, crashAfter - 1);
        effects.add(effect);
        apply(effect);
      }
    }
    return this;
  }

  // ---- what is done about it ----

  private void apply(BootEffect effect) {
    if (holding != null && holding.test(effect)) {
      return;
    }
    if (failing != null && failing.test(effect)) {
      queue.addLast(new BootEvent.Failed("it failed", false));
      return;
    }
    switch (effect) {
      case BootEffect.Save save -> {
        durable = save.record().after(durable);
        done();
      }
      case BootEffect.CloseSessions close -> {
        close.ids().forEach(this::cut);
        done();
      }
      case BootEffect.FenceBefore fence -> {
        Map.copyOf(access)
            .forEach(
                (id, held) -> {
                  if (held.generation() < fence.generation()) {
                    cut(id);
                  }
                });
        openDisk = openDisk < fence.generation() ? 0 : openDisk;
        done();
      }
      case BootEffect.CreateOverlay create -> create(create);
      case BootEffect.OpenDisk open -> open(open.record());
      case BootEffect.RemoveOverlay ignored -> {
        stored = null;
        done();
      }
      case BootEffect.ReplaceOverlay replace -> {
        stored = replace.replacement().overlay().value();
        storedDamaged = false;
        done();
      }
      case BootEffect.ForgetClient ignored -> {
        durable = null;
        stored = null;
        forgotten = true;
        done();
      }
      case BootEffect.Probe probe ->
          queue.addLast(new BootEvent.Probed(probe.id(), found(probe.id())));
      case BootEffect.CloseSession close -> cut(close.id());
      case BootEffect.CloseDisk ignored -> {
        assertTrue(access.isEmpty(), "a disk was closed under a session");
        openDisk = 0;
      }
      case BootEffect.WakeAt ignored -> {}
      case BootEffect.Grant grant -> granted(grant);
      case BootEffect.Refuse refuse ->
          answers.put(refuse.id(), new Answer.Refused(refuse.reason()));
      case BootEffect.Completed completed -> answers.put(completed.id(), new Answer.Completed());
      case BootEffect.ChoiceKept kept -> answers.put(kept.id(), new Answer.Completed());
    }
  }

  /** Completes the save that was held back. */
  void finishSave() {
    apply((BootEffect.Save) effects.getLast());
    take(queue.removeFirst());
  }

  private Liveness found(long id) {
    Liveness told = liveness.get(id);
    return told != null ? told : prober.apply(id);
  }

  private void done() {
    queue.addLast(new BootEvent.Done());
  }

  private void cut(long id) {
    if (access.remove(id) != null) {
      queue.addLast(new BootEvent.SessionEnded(id));
    }
  }

  private void create(BootEffect.CreateOverlay create) {
    assertEquals(create.record(), durable, "the record must be durable before its overlay");
    if (create.overlay().equals(stored) && !storedDamaged) {
      done();
      return;
    }
    assertFalse(told.contains(create.overlay()), "a disk that a client had was made anew");
    assertTrue(
        access.values().stream().noneMatch(a -> a.generation() < create.record().generation()),
        "an older generation still had access when its overlay was replaced");
    assertEquals(0, openDisk, "the older disk was open when its overlay was replaced");
    stored = create.overlay();
    storedDamaged = false;
    done();
  }

  private void open(BootRecord record) {
    if (record.overlay() != null && (!record.overlay().equals(stored) || storedDamaged)) {
      queue.addLast(new BootEvent.Failed("the overlay is not there", true));
    } else {
      openDisk = record.generation();
      done();
    }
  }

  private void granted(BootEffect.Grant grant) {
    BootRecord record = durable;
    assertNotNull(record);
    assertEquals(record.generation(), grant.generation(), "granted what is not durable");
    answers.put(grant.id(), new Answer.Granted(grant.generation(), record.overlay()));
    BootState.Session session = Objects.requireNonNull(state.sessions.get(grant.id()));
    assertEquals(grant.generation(), openDisk, "granted without its disk");
    assertEquals(record.overlay(), record.overlay() == null ? null : stored);
    access.put(
        grant.id(),
        new Access(grant.generation(), record.overlay(), session.address(), session.kind()));
    assertEquals(
        1,
        access.values().stream().map(Access::generation).distinct().count(),
        "two generations have access");
    assertTrue(
        access.values().stream()
                .filter(held -> held.kind() != InitiatorKind.FIRMWARE)
                .map(Access::address)
                .distinct()
                .count()
            <= 1,
        "systems of two machines have access");
    queue.addLast(new BootEvent.SessionOpened(grant.id()));
    if (flushing) {
      flush();
    }
  }

  /** The machine flushes, as the store does it: the record first, then the machine is told. */
  BootBench flush() {
    UUID overlay = durable == null ? null : durable.overlay();
    if (overlay != null) {
      assertEquals(overlay, stored);
      durable = Objects.requireNonNull(durable).with(Flag.OVERLAY_IN_PLACE);
      told.add(overlay);
      queue.addLast(new BootEvent.Flushed(overlay));
    }
    return this;
  }

  // ---- what is seen ----

  long generation() {
    return state.generation();
  }

  BootRecord record() {
    return Objects.requireNonNull(state.record);
  }

  @Nullable UUID overlay() {
    return state.record == null ? null : state.record.overlay();
  }

  List<Class<?>> effectsSince(int mark) {
    List<Class<?>> kinds = new ArrayList<>();
    effects.subList(mark, effects.size()).forEach(effect -> kinds.add(effect.getClass()));
    return kinds;
  }
}
