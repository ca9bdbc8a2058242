// SPDX-License-Identifier: Apache-2.0
/** Raw golden images: opened once, never written, shared by every disk that stands on them. */
@NullMarked
package dev.rootstock.images.raw;

import org.jspecify.annotations.NullMarked;
