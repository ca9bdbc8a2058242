// SPDX-License-Identifier: Apache-2.0
/**
 * What can be read and never written: golden versions, the layers between them and a client's
 * overlay, and qcow2 files that others made. The format is described in QEMU's
 * docs/interop/qcow2.txt, which comments here call "the format".
 */
@NullMarked
package dev.rootstock.images.golden;

import org.jspecify.annotations.NullMarked;
