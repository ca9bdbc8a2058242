// SPDX-License-Identifier: Apache-2.0
/** What the tests of this module share. */
@NullMarked
package dev.rootstock.images.testing;

import org.jspecify.annotations.NullMarked;
