// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

/** A format error: the connection's bytes cannot be trusted any more (RFC 7143 §7.7). */
public final class MalformedPduException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Says what is wrong, and with which number. */
  public MalformedPduException(String what, long number) {
    // Without a stack trace: the cause is the peer, and a flood of these must stay cheap.
    super(what + " 0x" + Long.toHexString(number), null, false, false);
  }
}
