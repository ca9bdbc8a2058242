// SPDX-License-Identifier: Apache-2.0
/**
 * Files of this machine, as the formats use them: read, write and sync at an offset, with errors
 * that can be told apart, and the few threads that wait for them.
 */
@NullMarked
package dev.rootstock.images.file;

import org.jspecify.annotations.NullMarked;
