// SPDX-License-Identifier: Apache-2.0
/**
 * The iSCSI target (RFC 7143) and its two seams: {@link dev.rootstock.target.Admission}, which says
 * who may log in and to what, and {@link dev.rootstock.images.block.BlockDevice}, which holds the
 * bytes. It knows nothing of clients, boots or images.
 */
@NullMarked
package dev.rootstock.target;

import org.jspecify.annotations.NullMarked;
