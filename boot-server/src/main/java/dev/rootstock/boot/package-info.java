// SPDX-License-Identifier: Apache-2.0
/** The service: command line, configuration, clients and boots, and what answers on the network. */
@NullMarked
package dev.rootstock.boot;

import org.jspecify.annotations.NullMarked;
