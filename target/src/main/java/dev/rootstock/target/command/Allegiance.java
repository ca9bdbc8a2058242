// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.scsi.Sense;
import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * A connection and its session, as the tasks see them that are allegiant to it (RFC 7143 §4.2.5.1).
 * Everything but {@link #execute} is for the session's event loop.
 */
public interface Allegiance {

  /** Where the connection's PDUs go out. */
  PduWriter writer();

  ByteBufAllocator allocator();

  TransferParameters parameters();

  /** The number of the next status, without using it up. */
  int nextStatSn();

  /** The number of the status that is being sent now. */
  int takeStatSn();

  int expCmdSn();

  int maxCmdSn();

  /** Sense data in the format that the unit was told to use; {@code lun} is the LUN field. */
  byte[] senseData(long lun, Sense sense);

  /** A Target Transfer Tag that no R2T of the session uses. */
  int newTransferTag();

  /** Runs something on the session's event loop: at once if that is the caller's. */
  void execute(Runnable action);

  /**
   * Runs something on the session's event loop after some time.
   *
   * @return what takes it back
   */
  Runnable schedule(Runnable action, int millis);

  /** Sees to it that what has been written is sent soon, together with what follows at once. */
  void flushSoon();

  /** What has been sent and may be asked for again; null at recovery level 0. */
  @Nullable Unacknowledged unacknowledged();

  /**
   * Takes memory for bytes that are sent again, unless too much waits to be sent already: so that
   * small requests do not make us hold large answers.
   */
  boolean mayResend(int bytes);

  /** Whether a read may go on; if not, {@link ReadTask#resume} is called when it may. */
  boolean mayRead(ReadTask task);

  /**
   * Takes memory out of the session's and the server's, before it is allocated.
   *
   * @return false when there is none now
   */
  boolean reserve(int bytes);

  /** Gives memory back; tasks that wait for it go on. */
  void unreserve(int bytes);

  /** Memory that was reserved now belongs to what is being sent, which gives it back. */
  void sending(int bytes);

  /** Calls {@link Task#resume} when memory has been given back. */
  void awaitMemory(Task task);

  /**
   * Whether the connection is gone while its tasks may be reassigned (RFC 7143 §7.2.2): what they
   * send is kept for the connection that they go on with, and it is of no use to ask for data.
   */
  boolean isSuspended();

  /** The task is aborted: nothing that it waits for is of interest any more. */
  void forget(Task task);

  /** An operation on a device begins, which the session must outlive. */
  void operationBegins();

  /** An operation on a device has ended. */
  void operationEnds();

  /** The task is over: its status is sent next, or it was aborted and has come to rest. */
  void over(Task task);
}
