// SPDX-License-Identifier: Apache-2.0
/**
 * The Internet Storage Name Service (RFC 4171), for iSCSI over TCP: a server that tells initiators
 * of our targets, and a client that asks. {@code IsnsResponder} decides, without sockets; {@code
 * IsnsServer} sends. What it tells of targets is what SendTargets would; nothing about them can be
 * changed by iSNS.
 */
@NullMarked
package dev.rootstock.boot.isns;

import org.jspecify.annotations.NullMarked;
