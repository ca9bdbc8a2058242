// SPDX-License-Identifier: Apache-2.0
/** The machines that we boot, and the durable registry that remembers them. */
@NullMarked
package dev.rootstock.boot.clients;

import org.jspecify.annotations.NullMarked;
