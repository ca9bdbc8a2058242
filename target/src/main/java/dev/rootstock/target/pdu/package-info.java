// SPDX-License-Identifier: Apache-2.0
/**
 * The PDUs of RFC 7143 §11: one record each, under {@link dev.rootstock.target.pdu.InitiatorPdu}
 * and {@link dev.rootstock.target.pdu.TargetPdu} by direction, and the map of their fields in
 * {@link dev.rootstock.target.pdu.Bhs}.
 *
 * <p>Numbers that the wire holds as 32 unsigned bits are {@code int} here, as they come; sequence
 * numbers among them are compared by serial number arithmetic only (RFC 1982). A record that has a
 * data segment owns one reference to it.
 */
@NullMarked
package dev.rootstock.target.pdu;

import org.jspecify.annotations.NullMarked;
