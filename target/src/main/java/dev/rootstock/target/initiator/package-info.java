// SPDX-License-Identifier: Apache-2.0
/**
 * A small iSCSI initiator on the same PDU codec: what tests, {@code discover} and the load
 * generator drive a target with. It blocks, one thread a connection, which virtual threads make
 * cheap. No server code uses it.
 */
@NullMarked
package dev.rootstock.target.initiator;

import org.jspecify.annotations.NullMarked;
