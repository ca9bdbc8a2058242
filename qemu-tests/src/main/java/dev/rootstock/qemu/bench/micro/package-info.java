// SPDX-License-Identifier: Apache-2.0
/**
 * Single steps of the hot path by themselves, measured with JMH: through the doors that their
 * modules open to everybody. Classes here are public because JMH's generated code, which lies in a
 * package of its own, extends them.
 */
@NullMarked
package dev.rootstock.qemu.bench.micro;

import org.jspecify.annotations.NullMarked;
