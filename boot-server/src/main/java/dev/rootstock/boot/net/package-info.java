// SPDX-License-Identifier: Apache-2.0
/** What the services on UDP share: a socket that is bound to one interface, and a rate limit. */
@NullMarked
package dev.rootstock.boot.net;

import org.jspecify.annotations.NullMarked;
