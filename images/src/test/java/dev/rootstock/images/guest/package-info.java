// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.images.guest;

import org.jspecify.annotations.NullMarked;
