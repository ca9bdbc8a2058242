// SPDX-License-Identifier: Apache-2.0
/** Seed disks: what cloud-init's data source NoCloud reads of a machine's name and keys. */
@NullMarked
package dev.rootstock.boot.seed;

import org.jspecify.annotations.NullMarked;
