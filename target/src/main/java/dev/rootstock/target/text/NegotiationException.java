// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

/** A negotiation that failed, which is the initiator's fault (RFC 7143 §7.12). */
public final class NegotiationException extends Exception {
  private static final long serialVersionUID = 1L;

  private NegotiationException(String message) {
    // Without a stack trace: the cause is the peer.
    super(message, null, false, false);
  }

  /** Of a text that breaks the rules as a whole. */
  public static NegotiationException malformed(String what) {
    return new NegotiationException(what);
  }

  static NegotiationException of(TextKey key, String what) {
    return new NegotiationException(key.text() + ": " + what);
  }
}
