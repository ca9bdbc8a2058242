// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.boot.seed;

import org.jspecify.annotations.NullMarked;
