// SPDX-License-Identifier: Apache-2.0
/**
 * Looking into what a guest wrote on its disk: partitions and ext4, read-only, without trusting a
 * byte of it.
 */
@NullMarked
package dev.rootstock.images.guest;

import org.jspecify.annotations.NullMarked;
