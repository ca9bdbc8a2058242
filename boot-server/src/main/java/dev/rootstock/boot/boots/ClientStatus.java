// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.boot.clients.BootRecord.Flag;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A client's boot as it is shown; a picture of one moment.
 *
 * @param stage how far its boot has come
 * @param generation the boot's number, 0 before the first
 * @param image the golden version it runs on, null before the first
 * @param sessions those that live, oldest first
 * @param refusal the last login that was refused, null where none was since the server started
 * @param missing the further disks that the boot does without, while its disks are open
 */
public record ClientStatus(
    Stage stage,
    long generation,
    @Nullable String image,
    List<SessionStatus> sessions,
    @Nullable Refusal refusal,
    List<MissingDisk> missing) {

  public ClientStatus {
    sessions = List.copyOf(sessions);
    missing = List.copyOf(missing);
  }

  /** How far a boot has come. */
  public enum Stage {
    /** It never booted. */
    NEW,
    /** The administrator ended its boot; the next login begins another. */
    ENDED,
    /** A login or a command is being decided. */
    DECIDING,
    /** Firmware has logged in, and no operating system yet. */
    STARTING,
    /** Its operating system has a session. */
    RUNNING,
    /** It has no session: switched off, or about to come back. */
    AWAY,
    /** Its overlay is lost; logins are refused. */
    LOST;

    /** As it is shown. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A session.
   *
   * @param id its number in messages
   * @param kind what its initiator seems to be: firmware, system or unknown
   * @param since when it logged in
   */
  public record SessionStatus(
      long id, String initiator, String isid, String address, String kind, Instant since) {}

  /**
   * A refused login.
   *
   * @param reason one sentence
   * @param initiator who was refused
   * @param address where from
   */
  public record Refusal(Instant at, String reason, String initiator, String address) {}

  /**
   * A further disk that could not be opened.
   *
   * @param reason one sentence
   */
  public record MissingDisk(int lun, String reason) {}

  /** A client of which nothing was heard since the server started. */
  static ClientStatus of(BootState state) {
    String image = state.record == null ? null : state.record.image().toString();
    return new ClientStatus(stage(state), state.generation(), image, List.of(), null, List.of());
  }

  /** The stage that a state is in. */
  static Stage stage(BootState state) {
    BootRecord record = state.record;
    if (state.work != null) {
      return Stage.DECIDING;
    }
    if (record == null) {
      return Stage.NEW;
    }
    if (record.has(Flag.ENDED)) {
      return Stage.ENDED;
    }
    if (record.has(Flag.OVERLAY_LOST)) {
      return Stage.LOST;
    }
    if (state.witnesses().isEmpty()) {
      return Stage.AWAY;
    }
    return record.has(Flag.OPERATING_SYSTEM) ? Stage.RUNNING : Stage.STARTING;
  }
}
