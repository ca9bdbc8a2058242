// SPDX-License-Identifier: Apache-2.0
/**
 * What a boot is, and who may have which disk. {@link dev.rootstock.boot.boots.BootMachine}
 * decides, without sockets, threads or a clock; {@link dev.rootstock.boot.boots.BootAdmission}
 * brings it what happens and does what it says.
 */
@NullMarked
package dev.rootstock.boot.boots;

import org.jspecify.annotations.NullMarked;
