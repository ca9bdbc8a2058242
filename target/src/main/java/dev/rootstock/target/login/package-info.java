// SPDX-License-Identifier: Apache-2.0
/**
 * The login phase (RFC 7143 §6.3, §11.12, §11.13): a handler that a connection begins with, and
 * that puts the full feature phase in its own place when it is done.
 */
@NullMarked
package dev.rootstock.target.login;

import org.jspecify.annotations.NullMarked;
