// SPDX-License-Identifier: Apache-2.0
/** What a boot reply says: the root path of RFC 4173 and typed DHCP options. No sockets. */
@NullMarked
package dev.rootstock.dhcp;

import org.jspecify.annotations.NullMarked;
