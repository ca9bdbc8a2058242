// SPDX-License-Identifier: Apache-2.0
/** The end-to-end tests: real machines, and the shape of the whole repository. */
@NullMarked
package dev.rootstock.qemu;

import org.jspecify.annotations.NullMarked;
