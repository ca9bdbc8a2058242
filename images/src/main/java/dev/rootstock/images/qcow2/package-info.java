// SPDX-License-Identifier: Apache-2.0
/**
 * Overlays in QEMU's qcow2 format, version 3: what one client wrote, over a golden image. The
 * format is described in QEMU's docs/interop/qcow2.txt, which comments here call "the format".
 */
@NullMarked
package dev.rootstock.images.qcow2;

import org.jspecify.annotations.NullMarked;
