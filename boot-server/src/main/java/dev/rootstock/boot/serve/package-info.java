// SPDX-License-Identifier: Apache-2.0
/** The running service: what answers on the network, wired to the data and to the boots. */
@NullMarked
package dev.rootstock.boot.serve;

import org.jspecify.annotations.NullMarked;
