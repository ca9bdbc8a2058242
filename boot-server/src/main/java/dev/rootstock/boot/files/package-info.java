// SPDX-License-Identifier: Apache-2.0
/** The folder of boot files, which TFTP and HTTP serve and nothing outside of which is reached. */
@NullMarked
package dev.rootstock.boot.files;

import org.jspecify.annotations.NullMarked;
