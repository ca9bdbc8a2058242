// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.boot.pending;

import org.jspecify.annotations.NullMarked;
