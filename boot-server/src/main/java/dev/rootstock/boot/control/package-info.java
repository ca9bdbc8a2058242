// SPDX-License-Identifier: Apache-2.0
/**
 * How commands reach the data: through the server's Unix socket when it runs, directly under the
 * store's lock when it does not. Both ways run the same {@link
 * dev.rootstock.boot.control.Operations}.
 */
@NullMarked
package dev.rootstock.boot.control;

import org.jspecify.annotations.NullMarked;
