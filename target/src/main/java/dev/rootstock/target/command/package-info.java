// SPDX-License-Identifier: Apache-2.0
/**
 * SCSI commands in progress: how the data of one task travel (RFC 7143 §4.2.5.2, §11.3 to §11.8).
 *
 * <p>A task runs on its session's event loop. It is allegiant to one connection, which it knows as
 * an {@link dev.rootstock.target.command.Allegiance}; what the command means it has been told by a
 * {@link dev.rootstock.target.scsi.Plan}.
 */
@NullMarked
package dev.rootstock.target.command;

import org.jspecify.annotations.NullMarked;
