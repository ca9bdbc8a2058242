// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.target.wire;

import org.jspecify.annotations.NullMarked;
