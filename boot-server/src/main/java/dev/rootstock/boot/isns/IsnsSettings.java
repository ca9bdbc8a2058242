// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import java.net.InetSocketAddress;

/**
 * What the server is to do.
 *
 * @param listen where it takes connections; port 0 takes a free one
 * @param portal where all targets are, as clients reach them
 * @param portalGroup the portal group tag of that address, 0 to 65535
 * @param entity the name of the network entity that they are in, at most 255 bytes
 */
public record IsnsSettings(
    InetSocketAddress listen, InetSocketAddress portal, int portalGroup, String entity) {}
