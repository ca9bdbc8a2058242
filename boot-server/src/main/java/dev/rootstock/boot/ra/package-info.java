// SPDX-License-Identifier: Apache-2.0
/**
 * Router Advertisements that make nobody route through us. iPXE waits for some, and goes on at once
 * when one comes.
 */
@NullMarked
package dev.rootstock.boot.ra;

import org.jspecify.annotations.NullMarked;
