// SPDX-License-Identifier: Apache-2.0
/** Disk images: the seam of block devices, the formats, and the store. Knows no network. */
@NullMarked
package dev.rootstock.images;

import org.jspecify.annotations.NullMarked;
