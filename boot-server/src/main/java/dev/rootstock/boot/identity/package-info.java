// SPDX-License-Identifier: Apache-2.0
/** The names that get burnt into clients' disks: the installation, its targets and their units. */
@NullMarked
package dev.rootstock.boot.identity;

import org.jspecify.annotations.NullMarked;
