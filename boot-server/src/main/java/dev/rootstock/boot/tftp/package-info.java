// SPDX-License-Identifier: Apache-2.0
/** Boot files over TFTP: read only, and bounded in everything that a forged request could cause. */
@NullMarked
package dev.rootstock.boot.tftp;

import org.jspecify.annotations.NullMarked;
