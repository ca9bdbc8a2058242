// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootEvent.Command;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.boots.BootEvent.Discover;
import dev.rootstock.boot.boots.BootEvent.Login;
import dev.rootstock.boot.boots.BootEvent.Request;
import dev.rootstock.boot.boots.BootRules.Verdict;
import dev.rootstock.boot.boots.BootState.Doing;
import dev.rootstock.boot.boots.BootState.Probing;
import dev.rootstock.boot.boots.BootState.Refusal;
import dev.rootstock.boot.boots.BootState.Session;
import dev.rootstock.boot.boots.BootState.Transaction;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.target.LoginStatus;
import dev.rootstock.target.TargetSession.Liveness;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * What a boot is: one client's state, an event, and what follows from it.
 *
 * <h2>Firmware begins boots, operating systems only go on with them</h2>
 *
 * A login begins a new boot when
 *
 * <ul>
 *   <li>there is no boot that it could belong to: the client has never booted, or its administrator
 *       ended the last boot ({@code boot}, {@code reset}), or
 *   <li>its initiator is firmware ({@link InitiatorKind}), and a candidate is open (a DISCOVER or a
 *       script was seen since the last login), or an operating system has logged in during this
 *       boot (firmware does not run beside it, so the machine was restarted), or this boot was
 *       never heard of from its address.
 * </ul>
 *
 * Every other login goes on with the boot there is, whatever DHCP has said. That is the whole
 * defence against spoofed DISCOVERs: Linux's reconnect looks the same as its first login (its ISID
 * is {@code 00023d000001} on every machine, its name is the one we gave), so if a DISCOVER could
 * turn an operating system's login into a new boot, one forged packet and one lost connection would
 * wipe the disk under a running machine. The price: a machine that loads its kernel by TFTP and
 * never logs in from firmware marks no boots. Its persistent disk needs none; an ephemeral disk is
 * refused to it at the first login, with that reason, unless the administrator marks the boots.
 *
 * <p>A candidate is therefore only needed for a machine that is reset before its operating system
 * has logged in. The fetch of a script opens one and commits nothing either: anybody can fetch. It
 * is forgotten after {@link BootLimits#CANDIDATE}, at the next granted login, and when the older
 * boot is seen to live after it.
 *
 * <p>Where the client's secrets are made anew for each boot, its proof says more than all of this:
 * what proves itself by the next boot's secret has asked DHCP since the last commit and begins that
 * boot; what proves itself by the present one's goes on with it; and nothing else gets in. A
 * machine that asked before the boot of another was committed has a secret that is worth nothing.
 *
 * <p>A machine whose user may choose from a menu says what it boots before it logs in. The choice
 * is kept by the address that it came from, opens a candidate as the script does, and is what the
 * next boot from that address stands on. It is forgotten with the new boot, at the next granted
 * login from there, when the script is fetched from there again, and as a candidate is by time.
 *
 * <h2>Who lives</h2>
 *
 * A new boot waits until no session of the older one can be alive. Alive is what answers. Dead is
 * what is closed or was reset, and, though silent, what would answer if its machine ran: an
 * operating system's kernel answers TCP, and so does whoever is behind the address that the
 * newcomer itself logs in from. iPXE answers only while somebody reads by INT 13, so its silence
 * says nothing; once an operating system has logged in, sessions of firmware are not asked at all.
 *
 * <p>Machines are told apart by address. ISIDs do not tell them apart (Linux's are equal, iPXE's
 * change with each connection), nor do names. So a further session of a boot is granted at once to
 * an address that its sessions come from; from another address only when those sessions are dead,
 * and they lose the disk first. A boot that has lost its sessions, or whose server was restarted,
 * keeps its place for {@link BootLimits#RETURN} against other addresses. An operating system whose
 * boot ended without it (silent, or taken over) may still run and come back with stale pages in its
 * memory; its address is {@code displaced} and gets in again only by firmware, which proves a
 * restart.
 *
 * <h2>Commit</h2>
 *
 * The record (generation, version, overlay's name) is durable; everything older is fenced; the
 * overlay is provided; its disk is opened; the login is answered. {@link BootSteps} looks only at
 * what is true and asks for the next step, so a crash after any of them resumes at the right one.
 *
 * <p>The store provides a new overlay without waiting for a disk, so a power loss may take it.
 * Before the first flush is acknowledged the overlay is durable, and then OVERLAY_IN_PLACE is, in
 * the record. Without that flag nobody was told that anything would last, and the overlay is
 * provided again: as it is where it is there, empty where the power took it. With it, a missing
 * file is a loss, and no login gets an empty disk for it.
 *
 * <h2>Not protected while {@code chap: none}</h2>
 *
 * Names and addresses are claims. Who can answer for a client's address (a clone with its MAC, ARP
 * spoofing) is that client. Without our DHCP server a client known by MAC or UUID and without an
 * address of its own is known by name only, and anybody can write that name (the target's and
 * {@code :initiator}). An open client, or one known by initiator names only, can be taken by any
 * address that logs in as firmware while none of its sessions lives. Before an operating system has
 * logged in, a forged DISCOVER and a lost connection together begin a new boot: an ephemeral
 * machine that waits in its boot loader gets a fresh disk. Machines behind one address (NAT) count
 * as one. Initiators of unknown make are mostly tools; one that kept a disk in use and was
 * displaced by a machine is not kept from coming back. Flooding the port denies service to
 * everybody; no packet without a login does to one.
 */
final class BootMachine {
  private static final Refusal REMOVED =
      new Refusal(LoginStatus.TARGET_REMOVED, "the client was removed: it has no disk");

  private final BootState state;
  private final long now;
  private final List<BootEffect> effects = new ArrayList<>();
  private final BootSteps steps;

  private BootMachine(BootState state, long now) {
    this.state = state;
    this.now = now;
    this.steps = new BootSteps(state, effects);
  }

  /** A new state and what is to be done, in order. */
  record Outcome(BootState state, List<BootEffect> effects) {}

  /**
   * One step. Depends on nothing but its arguments and changes none of them.
   *
   * @param now milliseconds on a clock that never goes back while the process lives
   */
  static Outcome step(BootState state, BootEvent event, long now) {
    BootMachine machine = new BootMachine(state.copy(), now);
    machine.take(event);
    machine.resume();
    machine.rest(state);
    return new Outcome(machine.state, List.copyOf(machine.effects));
  }

  private void take(BootEvent event) {
    switch (event) {
      case Discover discover -> discover(discover);
      case BootEvent.ScriptFetched fetched -> {
        state.candidate = now;
        state.choices.remove(fetched.address());
      }
      case BootEvent.ImageChosen chosen -> chosen(chosen);
      case Request request -> request(request);
      case BootEvent.SessionOpened opened -> opened(opened.id());
      case BootEvent.SessionEnded ended -> ended(ended.id());
      case BootEvent.Probed probed -> heard(probed.id(), probed.found());
      case BootEvent.Done ignored -> {
        if (state.work instanceof Doing doing) {
          steps.done(doing);
        }
      }
      case BootEvent.Failed failed -> {
        if (state.work instanceof Doing doing) {
          steps.failed(doing, failed.reason(), failed.lost());
        }
      }
      case BootEvent.Flushed flushed -> flushed(flushed.overlay());
      case BootEvent.Tick ignored -> tick();
    }
  }

  /** What is being saved goes on from the record as it was: it must not lose what is new. */
  private void flushed(UUID overlay) {
    BootRecord record = state.record;
    if (record == null || !overlay.equals(record.overlay())) {
      return;
    }
    state.record = record.with(Flag.OVERLAY_IN_PLACE);
    if (state.work instanceof Doing doing && doing.goal() != null) {
      state.work = doing.with(doing.goal().after(state.record), doing.refusal());
    }
  }

  // ---- marks ----

  private void discover(Discover discover) {
    if (!discover.firmware()) {
      return;
    }
    state.transactions.removeIf(old -> now - old.seen() > BootLimits.TRANSACTION.toMillis());
    if (state.transactions.stream().anyMatch(old -> old.xid() == discover.xid())) {
      return;
    }
    if (state.transactions.size() == BootLimits.TRANSACTIONS) {
      state.transactions.removeFirst();
    }
    state.transactions.addLast(new Transaction(discover.xid(), now));
    state.candidate = now;
  }

  /**
   * The choice is for this address alone: so nobody else, whatever he can fetch or forge, changes
   * what the machine there boots. Who finds no room is refused, and pushes nobody out.
   */
  private void chosen(BootEvent.ImageChosen event) {
    state.choices.values().removeIf(old -> now - old.made() > BootLimits.CANDIDATE.toMillis());
    Refusal refusal = null;
    if (state.removed) {
      refusal = REMOVED;
    } else if (!state.hasCandidate(now)) {
      refusal =
          new Refusal(
              LoginStatus.SERVICE_UNAVAILABLE,
              "this menu is too old, or its boot has begun: restart the machine");
    } else if (!state.choices.containsKey(event.address())
        && state.choices.size() >= BootLimits.CHOICES) {
      refusal = full("the menus of %d other addresses wait for their boot", BootLimits.CHOICES);
    }
    if (refusal != null) {
      effects.add(new BootEffect.Refuse(event.id(), refusal.status(), refusal.reason()));
      return;
    }
    state.choices.put(event.address(), new BootState.Choice(event.image(), now));
    state.candidate = now;
    effects.add(new BootEffect.ChoiceKept(event.id()));
  }

  // ---- requests ----

  private void request(Request request) {
    if (state.work == null) {
      begin(request);
    } else if (state.waiting.size() < BootLimits.WAITING) {
      state.waiting.addLast(request);
    } else {
      refuse(request, full("%d requests of this client wait", BootLimits.WAITING));
    }
  }

  /** Takes what has waited, until something is under way. */
  private void resume() {
    while (state.work == null && !state.waiting.isEmpty()) {
      begin(state.waiting.removeFirst());
    }
  }

  private static Refusal full(String what, int most) {
    return new Refusal(LoginStatus.OUT_OF_RESOURCES, what.formatted(most) + " already");
  }

  private void begin(Request request) {
    if (state.removed) {
      refuse(request, REMOVED);
      return;
    }
    switch (request) {
      case Command command -> begin(command);
      case Login login -> begin(login);
    }
  }

  private void begin(Login request) {
    if (state.sessions.size() >= BootLimits.SESSIONS) {
      refuse(request, full("the client has %d sessions", BootLimits.SESSIONS));
      return;
    }
    Refusal unproved = BootRules.againstProof(state, request);
    if (unproved != null) {
      refuse(request, unproved);
      return;
    }
    boolean newBoot = BootRules.begins(state, request, now);
    Refusal refusal =
        newBoot
            ? BootRules.againstBegin(state, request, now)
            : BootRules.againstJoin(state, request, now);
    if (refusal != null) {
      refuse(request, refusal);
      return;
    }
    List<Session> suspects =
        !newBoot
            ? BootRules.strangers(state, request.address())
            : request.offer().takeover() ? List.of() : BootRules.rivals(state);
    probe(new Probing(request, newBoot, Set.of(), Map.of()), suspects);
  }

  private void begin(Command command) {
    probe(
        new Probing(command, false, Set.of(), Map.of()),
        command.force() ? List.of() : BootRules.rivals(state));
  }

  private void probe(Probing probing, List<Session> suspects) {
    Set<Long> awaited =
        suspects.stream().filter(Session::opened).map(Session::id).collect(Collectors.toSet());
    Probing asking = new Probing(probing.request(), probing.newBoot(), awaited, probing.heard());
    state.work = asking;
    if (awaited.isEmpty()) {
      judge(asking);
    } else {
      awaited.stream().sorted().forEach(id -> effects.add(new BootEffect.Probe(id)));
    }
  }

  private void heard(long id, Liveness found) {
    if (state.work instanceof Probing probing && probing.awaited().contains(id)) {
      Probing next = probing.hear(id, found);
      state.work = next;
      if (next.awaited().isEmpty()) {
        judge(next);
      }
    }
  }

  private void judge(Probing probing) {
    switch (probing.request()) {
      case Command command -> judge(command, probing.heard());
      case Login login -> judge(login, probing);
    }
  }

  private void judge(Login request, Probing probing) {
    Verdict verdict =
        !probing.newBoot()
            ? BootRules.judgeJoin(state, request, probing.heard())
            : request.offer().takeover()
                ? new Verdict.Begin()
                : BootRules.judgeBegin(state, request, probing.heard());
    switch (verdict) {
      case Verdict.Begin ignored ->
          steps.start(request, BootRecords.begun(state, request), Set.of());
      case Verdict.Join join -> {
        Refusal refusal =
            probing.newBoot() && request.boot().isPresent()
                ? BootRules.askedAgain(state)
                : BootRules.againstJoin(state, request, now);
        if (refusal == null) {
          Set<Long> dead = join.dead();
          steps.start(request, BootRecords.joined(state, request, dead), dead);
        } else {
          steps.giveUp(request, refusal);
        }
      }
      case Verdict.No no -> {
        if (no.lives()) {
          state.candidate = BootState.NEVER;
        }
        steps.giveUp(request, no.refusal());
      }
    }
  }

  private void judge(Command command, Map<Long, Liveness> heard) {
    Refusal refusal = command.force() ? null : BootRules.judgeCommand(state, command, heard, now);
    if (refusal != null) {
      steps.giveUp(command, refusal);
    } else if (command.what() == What.REMOVE) {
      state.removed = true;
      state.unfenced = true;
      steps.start(command, state.record, Set.of());
    } else if (state.record == null && command.what() == What.REPLACE) {
      steps.giveUp(
          command,
          new Refusal(LoginStatus.TARGET_ERROR, "it has never booted and has no disk of its own"));
    } else if (state.record == null) {
      state.announced = true;
      steps.start(command, null, Set.of());
    } else {
      boolean mayRun =
          heard.containsValue(Liveness.SILENT)
              || !state.witnesses().isEmpty()
              || now < state.mayReturnUntil;
      steps.start(command, BootRecords.ended(state, command, mayRun), Set.of());
    }
  }

  private void refuse(Request request, Refusal refusal) {
    effects.add(new BootEffect.Refuse(request.id(), refusal.status(), refusal.reason()));
  }

  // ---- sessions and time ----

  private void opened(long id) {
    Session known =
        state.sessions.computeIfPresent(
            id, (key, s) -> new Session(id, s.generation(), s.address(), s.kind(), true));
    if (known == null) {
      effects.add(new BootEffect.CloseSession(id, "its boot is over"));
    }
  }

  private void ended(long id) {
    Session session = state.sessions.remove(id);
    boolean asked =
        state.work instanceof Probing probing
            && (probing.awaited().contains(id) || probing.heard().containsKey(id));
    if (session != null
        && !asked
        && session.generation() == state.generation()
        && state.witnesses().isEmpty()
        && !state.between()) {
      state.mayReturnUntil = now + BootLimits.RETURN.toMillis();
    }
    heard(id, Liveness.DEAD);
  }

  private void tick() {
    if (idle(state) && now - state.idleSince >= BootLimits.IDLE.toMillis()) {
      state.diskOpen = false;
      state.idleSince = BootState.NEVER;
      effects.add(new BootEffect.CloseDisk());
    }
  }

  /** Asks to be woken when the disk has come to rest with this step. */
  private void rest(BootState before) {
    if (!idle(state)) {
      state.idleSince = BootState.NEVER;
    } else if (!idle(before)) {
      state.idleSince = now;
      effects.add(new BootEffect.WakeAt(now + BootLimits.IDLE.toMillis()));
    }
  }

  private static boolean idle(BootState state) {
    return state.diskOpen && state.sessions.isEmpty() && state.work == null;
  }
}
