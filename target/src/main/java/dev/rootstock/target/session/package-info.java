// SPDX-License-Identifier: Apache-2.0
/**
 * Sessions in the full feature phase: order and window of commands, tasks and their management,
 * text, pings, logout (RFC 7143 §4.2, §11).
 *
 * <p>One event loop owns a session and everything of it; who is on another one posts to it. What
 * sessions share, {@link dev.rootstock.target.session.Sessions} and {@link
 * dev.rootstock.target.scsi.ScsiTarget}, is safe for all loops.
 */
@NullMarked
package dev.rootstock.target.session;

import org.jspecify.annotations.NullMarked;
