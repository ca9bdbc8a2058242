// SPDX-License-Identifier: Apache-2.0
/** The small HTTP server that firmware and iPXE fetch boot files and scripts from. */
@NullMarked
package dev.rootstock.boot.http;

import org.jspecify.annotations.NullMarked;
