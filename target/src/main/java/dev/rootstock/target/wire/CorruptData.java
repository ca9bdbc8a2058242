// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import dev.rootstock.target.pdu.Pdu;

/**
 * A PDU whose data segment is not what its digest says (RFC 7143 §7.8).
 *
 * @param pdu its header can be trusted, and how much data there were, but not the data
 */
public record CorruptData(Pdu pdu) {}
