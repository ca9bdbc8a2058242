// SPDX-License-Identifier: Apache-2.0
/** How far each client's boot has come, for people to see; kept across restarts. */
@NullMarked
package dev.rootstock.boot.trail;

import org.jspecify.annotations.NullMarked;
