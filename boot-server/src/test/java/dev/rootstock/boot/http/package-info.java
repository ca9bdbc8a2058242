// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.boot.http;

import org.jspecify.annotations.NullMarked;
