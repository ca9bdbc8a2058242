// SPDX-License-Identifier: Apache-2.0
/** Real machines in QEMU on a private network, and the demonstration made with them. */
@NullMarked
package dev.rootstock.qemu;

import org.jspecify.annotations.NullMarked;
