// SPDX-License-Identifier: Apache-2.0
/**
 * CHAP (RFC 1994) as RFC 7143 §12.1.3 uses it: algorithms, secrets and who has them. The target's
 * side of the exchange is in the login, the initiator's in the initiator.
 */
@NullMarked
package dev.rootstock.target.chap;

import org.jspecify.annotations.NullMarked;
