// SPDX-License-Identifier: Apache-2.0
/** The configuration: one YAML file, read strictly, with the line of whatever is wrong in it. */
@NullMarked
package dev.rootstock.boot.config;

import org.jspecify.annotations.NullMarked;
