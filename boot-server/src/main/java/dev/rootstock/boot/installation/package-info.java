// SPDX-License-Identifier: Apache-2.0
/** An opened data directory: the store, the registry, and the names that follow from both. */
@NullMarked
package dev.rootstock.boot.installation;

import org.jspecify.annotations.NullMarked;
