// SPDX-License-Identifier: Apache-2.0
/**
 * The SCSI device server behind the iSCSI target. Clauses are those of SPC-4 revision 37 and SBC-3
 * revision 36; where a number is not certain, the clause is named.
 *
 * <p>It decides what a command means: a session asks {@link dev.rootstock.target.scsi.Nexus#plan}
 * and gets a {@link dev.rootstock.target.scsi.Plan} to carry out, so that the data of READ and
 * WRITE never pass through here. It knows neither Netty nor iSCSI PDUs, and nothing in it blocks.
 *
 * <p><b>Threads.</b> A {@link dev.rootstock.target.scsi.Nexus} belongs to its session's event loop:
 * only that loop asks it for plans. A {@link dev.rootstock.target.scsi.ScsiTarget} is shared by the
 * event loops of all its sessions; what it holds is immutable, concurrent, or behind a lock that is
 * held for a look at it and never while waiting. Five things cross from one nexus to another:
 *
 * <ul>
 *   <li>unit attentions, each nexus's queue of which any thread may add to;
 *   <li>mode parameters, one immutable value that is exchanged atomically: a command sees those of
 *       before or of after a MODE SELECT, never a mixture;
 *   <li>reservations, one state behind one lock. A command is checked against them when it is
 *       planned. One that was planned before runs on; PREEMPT AND ABORT ends it;
 *   <li>a sanitize operation, which belongs to the unit and to no session;
 *   <li>the wish to abort, which goes to the other session's own event loop.
 * </ul>
 *
 * <p>Completions of data-less commands come on whatever thread the block device chooses.
 */
@NullMarked
package dev.rootstock.target.scsi;

import org.jspecify.annotations.NullMarked;
