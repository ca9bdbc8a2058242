// SPDX-License-Identifier: Apache-2.0
/**
 * Text negotiation (RFC 7143 §6, §12, §13): what keys there are and by which rule each is answered
 * is one table, {@link dev.rootstock.target.text.TextKey}.
 */
@NullMarked
package dev.rootstock.target.text;

import org.jspecify.annotations.NullMarked;
