// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.boots.BootEvent.Command;
import dev.rootstock.boot.boots.BootEvent.Command.What;
import dev.rootstock.boot.boots.BootEvent.Login;
import dev.rootstock.boot.boots.BootEvent.Request;
import dev.rootstock.boot.boots.BootState.Doing;
import dev.rootstock.boot.boots.BootState.Refusal;
import dev.rootstock.boot.boots.BootState.Session;
import dev.rootstock.boot.boots.BootState.Step;
import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import dev.rootstock.target.LoginStatus;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Does what {@link BootMachine} has decided, one awaited effect after the other.
 *
 * <p>{@link #drive} has no plan: it looks at what is true and asks for the first thing that is not
 * yet as it must be. So a failed step, or a crash after any of them, leaves a state from which the
 * next request finds its way.
 */
final class BootSteps {
  private final BootState state;
  private final List<BootEffect> effects;

  BootSteps(BootState state, List<BootEffect> effects) {
    this.state = state;
    this.effects = effects;
  }

  /**
   * Begins.
   *
   * @param goal what the record must become first
   * @param close sessions that must be closed before that
   */
  void start(Request request, @Nullable BootRecord goal, Set<Long> close) {
    drive(new Doing(request, goal, close, null, Step.NOTHING));
  }

  private void drive(Doing doing) {
    BootRecord goal = doing.goal();
    if (!doing.close().isEmpty()) {
      await(doing, Step.CLOSE, new BootEffect.CloseSessions(doing.close()));
    } else if (goal != null && !goal.equals(state.record)) {
      await(doing, Step.SAVE, new BootEffect.Save(goal));
    } else if (doing.refusal() != null) {
      giveUp(doing.request(), doing.refusal());
    } else if (state.unfenced) {
      await(doing, Step.FENCE, new BootEffect.FenceBefore(firstWithAccess()));
    } else {
      switch (doing.request()) {
        case Command command -> drive(doing, command);
        case Login login -> drive(doing, login, Objects.requireNonNull(state.record));
      }
    }
  }

  private void drive(Doing doing, Login request, BootRecord record) {
    UUID overlay = record.overlay();
    boolean provided = doing.step() == Step.CREATE || record.has(Flag.OVERLAY_IN_PLACE);
    if (state.diskOpen) {
      state.work = null;
      grant(request);
    } else if (overlay != null && !provided) {
      await(doing, Step.CREATE, new BootEffect.CreateOverlay(record, overlay));
    } else {
      await(doing, Step.OPEN, new BootEffect.OpenDisk(record));
    }
  }

  private void drive(Doing doing, Command command) {
    if (command.what() == What.RESET && doing.step() != Step.REMOVE_OVERLAY) {
      await(doing, Step.REMOVE_OVERLAY, new BootEffect.RemoveOverlay());
    } else if (command.what() == What.REPLACE
        && doing.step() != Step.REPLACE
        && doing.step() != Step.RECORD) {
      Replacement replacement = Objects.requireNonNull(command.replacement());
      await(doing, Step.REPLACE, new BootEffect.ReplaceOverlay(replacement));
    } else if (command.what() == What.REPLACE && doing.step() == Step.REPLACE) {
      await(doing, Step.RECORD, new BootEffect.Save(replaced(command)));
    } else if (command.what() == What.REMOVE && doing.step() != Step.FORGET) {
      await(doing, Step.FORGET, new BootEffect.ForgetClient());
    } else {
      state.work = null;
      effects.add(new BootEffect.Completed(command.id()));
    }
  }

  private BootRecord replaced(Command command) {
    return BootRecords.replaced(
        Objects.requireNonNull(state.record), Objects.requireNonNull(command.replacement()));
  }

  private void await(Doing doing, Step step, BootEffect.Awaited effect) {
    state.work = doing.at(step);
    effects.add(effect);
  }

  /** The effect that was waited for is done. */
  void done(Doing doing) {
    Doing next = doing;
    switch (doing.step()) {
      case CLOSE -> {
        doing.close().forEach(state.sessions::remove);
        next = doing.closed();
      }
      case SAVE -> saved(Objects.requireNonNull(doing.goal()));
      case FENCE -> {
        long first = firstWithAccess();
        state.sessions.values().removeIf(session -> session.generation() < first);
        state.unfenced = false;
        if (state.removed) {
          state.diskOpen = false;
        }
      }
      case OPEN -> state.diskOpen = true;
      case RECORD -> {
        state.record = replaced((Command) doing.request());
        next = doing.with(state.record, null);
      }
      case NOTHING, CREATE, REMOVE_OVERLAY, REPLACE, FORGET -> {}
    }
    drive(next);
  }

  /** The first generation that may have a disk: none of today's when the boot is over. */
  private long firstWithAccess() {
    return state.generation() + (state.between() || state.removed ? 1 : 0);
  }

  private void saved(BootRecord record) {
    boolean newBoot = record.generation() != state.generation();
    if (newBoot || record.has(Flag.ENDED)) {
      state.unfenced = state.record != null;
      state.diskOpen = false;
      state.mayReturnUntil = BootState.NEVER;
    }
    if (newBoot) {
      state.candidate = BootState.NEVER;
      state.choices.clear();
      state.announced = false;
    }
    state.record = record;
  }

  /** The effect that was waited for has failed. */
  void failed(Doing doing, String reason, boolean lost) {
    Refusal refusal =
        doing.refusal() != null ? doing.refusal() : new Refusal(LoginStatus.TARGET_ERROR, reason);
    BootRecord record = state.record;
    if (lost && record != null && doing.step() == Step.OPEN) {
      drive(doing.with(record.with(Flag.OVERLAY_LOST), refusal));
      return;
    }
    if (doing.request() instanceof Command command && command.what() == What.REMOVE) {
      state.removed = false;
      if (doing.step() == Step.FENCE && state.diskOpen) {
        // Its lease is fenced already, or may yet be: nobody may be granted that one, and the
        // sessions that have it can do nothing with it any more.
        state.diskOpen = false;
        state
            .sessions
            .keySet()
            .forEach(id -> effects.add(new BootEffect.CloseSession(id, "its disk was fenced")));
        effects.add(new BootEffect.CloseDisk());
      }
    }
    giveUp(doing.request(), refusal);
  }

  private void grant(Login login) {
    state.candidate = BootState.NEVER;
    state.choices.remove(login.address());
    state.mayReturnUntil = BootState.NEVER;
    state.sessions.put(
        login.id(),
        new Session(login.id(), state.generation(), login.address(), login.kind(), false));
    effects.add(new BootEffect.Grant(login.id(), state.generation()));
  }

  void giveUp(Request request, Refusal refusal) {
    state.work = null;
    effects.add(new BootEffect.Refuse(request.id(), refusal.status(), refusal.reason()));
  }
}
