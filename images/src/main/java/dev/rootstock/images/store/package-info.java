// SPDX-License-Identifier: Apache-2.0
/**
 * The store: golden images in immutable, numbered versions, and one overlay a client. {@link
 * dev.rootstock.images.store.ImageStore} is the seam behind which another store than local files
 * may stand.
 */
@NullMarked
package dev.rootstock.images.store;

import org.jspecify.annotations.NullMarked;
