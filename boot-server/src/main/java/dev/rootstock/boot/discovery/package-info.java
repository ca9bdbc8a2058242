// SPDX-License-Identifier: Apache-2.0
/**
 * Discovery as a boot client does it: SendTargets, SLP, iSNS, and what RFC 4173 §6 does with what
 * they find. For commands and tests, which may wait; no server code comes here.
 */
@NullMarked
package dev.rootstock.boot.discovery;

import org.jspecify.annotations.NullMarked;
