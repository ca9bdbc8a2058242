// SPDX-License-Identifier: Apache-2.0
/** Tests of the target as a whole, over real connections. */
@NullMarked
package dev.rootstock.target;

import org.jspecify.annotations.NullMarked;
