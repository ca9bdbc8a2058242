// SPDX-License-Identifier: Apache-2.0
/** Machines that asked and are no clients, waiting for somebody to approve them. */
@NullMarked
package dev.rootstock.boot.pending;

import org.jspecify.annotations.NullMarked;
