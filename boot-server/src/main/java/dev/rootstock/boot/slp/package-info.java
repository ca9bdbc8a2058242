// SPDX-License-Identifier: Apache-2.0
/**
 * SLPv2 (RFC 2608) for iSCSI (RFC 4018): a service agent for our targets and our iSNS server, a
 * directory agent for others where it is configured, and a user agent that asks. {@link
 * dev.rootstock.boot.slp.SlpResponder} decides, without sockets; {@link
 * dev.rootstock.boot.slp.SlpServer} sends. Messages are one record each, under {@code SlpBody}.
 */
@NullMarked
package dev.rootstock.boot.slp;

import org.jspecify.annotations.NullMarked;
