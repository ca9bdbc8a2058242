// SPDX-License-Identifier: Apache-2.0
/**
 * The DHCP server: it gives known clients their address and their disk's root path, and is silent
 * to all others. {@link dev.rootstock.boot.dhcp.DhcpResponder} decides, without sockets; {@link
 * dev.rootstock.boot.dhcp.DhcpServer} sends.
 */
@NullMarked
package dev.rootstock.boot.dhcp;

import org.jspecify.annotations.NullMarked;
