// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.BootRecord;
import dev.rootstock.target.LoginStatus;
import java.util.Set;
import java.util.UUID;

/**
 * What the machine wants done, in this order. Those that are {@link Awaited} come one at a time,
 * last in their list, and each is answered by one {@link BootEvent.Done} or {@link
 * BootEvent.Failed}.
 */
sealed interface BootEffect {

  /** Done or failed will be told. */
  sealed interface Awaited extends BootEffect {}

  /** Make the record durable. */
  record Save(BootRecord record) implements Awaited {}

  /** Close these sessions; done when none of their commands can reach the disk. */
  record CloseSessions(Set<Long> ids) implements Awaited {}

  /**
   * Take the disk from every generation before this one: commands fail in the store, those under
   * way have ended, sessions are closed, the disk is closed.
   */
  record FenceBefore(long generation) implements Awaited {}

  /**
   * See to it that the client has this overlay, which nothing was flushed on: leave it where it is
   * there, else put an empty one into the place of whatever is.
   */
  record CreateOverlay(BootRecord record, UUID overlay) implements Awaited {}

  /** Open the disk of this boot for its sessions. */
  record OpenDisk(BootRecord record) implements Awaited {}

  /** Delete what the client wrote. */
  record RemoveOverlay() implements Awaited {}

  /** Put another overlay into the place of the client's. */
  record ReplaceOverlay(Replacement replacement) implements Awaited {}

  /** Take the client out of the registry, then delete what it wrote. */
  record ForgetClient() implements Awaited {}

  /** Find out whether the session's machine lives; answered by {@link BootEvent.Probed}. */
  record Probe(long id) implements BootEffect {}

  /** Close a session that has no right to be. */
  record CloseSession(long id, String reason) implements BootEffect {}

  /** Close the disk, which no session uses. */
  record CloseDisk() implements BootEffect {}

  /** Say {@link BootEvent.Tick} at this time or a little later. */
  record WakeAt(long millis) implements BootEffect {}

  /** The answer to a login. */
  record Grant(long id, long generation) implements BootEffect {}

  /** The answer to a choice: the next boot from that address has the image. */
  record ChoiceKept(long id) implements BootEffect {}

  /** The other answer. */
  record Refuse(long id, LoginStatus status, String reason) implements BootEffect {}

  /** The answer to a command: it is done. */
  record Completed(long id) implements BootEffect {}
}
