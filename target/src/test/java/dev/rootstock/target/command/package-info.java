// SPDX-License-Identifier: Apache-2.0
@NullMarked
package dev.rootstock.target.command;

import org.jspecify.annotations.NullMarked;
