// SPDX-License-Identifier: Apache-2.0
/**
 * A service agent of SLPv2 (RFC 2608): it answers service requests for {@code service:iscsi:target}
 * (RFC 4018) over UDP. {@link dev.rootstock.boot.slp.SlpResponder} decides, without sockets; {@link
 * dev.rootstock.boot.slp.SlpServer} sends.
 */
@NullMarked
package dev.rootstock.boot.slp;

import org.jspecify.annotations.NullMarked;
