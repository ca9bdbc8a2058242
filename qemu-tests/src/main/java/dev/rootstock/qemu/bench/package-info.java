// SPDX-License-Identifier: Apache-2.0
/**
 * Measurements beside tgt, the target that people have: the same load, on the same machine, in one
 * run, turn by turn. {@code docs/performance.md} holds figures that it printed.
 */
@NullMarked
package dev.rootstock.qemu.bench;

import org.jspecify.annotations.NullMarked;
