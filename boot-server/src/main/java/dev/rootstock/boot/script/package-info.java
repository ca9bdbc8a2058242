// SPDX-License-Identifier: Apache-2.0
/** The scripts that iPXE fetches over HTTP, from templates that an administrator can replace. */
@NullMarked
package dev.rootstock.boot.script;

import org.jspecify.annotations.NullMarked;
