// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.boot.ra;

import org.jspecify.annotations.NullMarked;
