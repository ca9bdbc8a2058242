// SPDX-License-Identifier: Apache-2.0
/**
 * Bytes to PDUs and back: the framer that cuts a connection's bytes into PDUs, the writer that
 * gathers what goes out, and every bound of the target.
 */
@NullMarked
package dev.rootstock.target.wire;

import org.jspecify.annotations.NullMarked;
