// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.wire.PduWriter;
import io.netty.buffer.ByteBufAllocator;

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

  /** A Target Transfer Tag that no R2T of the session uses. */
  int newTransferTag();

  /** Runs something on the session's event loop: at once if that is the caller's. */
  void execute(Runnable action);

  /** Sees to it that what has been written is sent soon, together with what follows at once. */
  void flushSoon();

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

  /** The task is aborted: nothing that it waits for is of interest any more. */
  void forget(Task task);

  /** An operation on a device begins, which the session must outlive. */
  void operationBegins();

  /** An operation on a device has ended. */
  void operationEnds();

  /** The task is over: its status is sent next, or it was aborted and has come to rest. */
  void over(Task task);
}
