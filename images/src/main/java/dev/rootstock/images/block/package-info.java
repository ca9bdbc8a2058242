// SPDX-License-Identifier: Apache-2.0
/**
 * The seam between everything that serves disks and everything that stores them: an asynchronous,
 * random-access block device. It knows neither SCSI nor files of a particular format.
 */
@NullMarked
package dev.rootstock.images.block;

import org.jspecify.annotations.NullMarked;
