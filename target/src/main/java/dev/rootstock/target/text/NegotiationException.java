// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

/** A negotiation that failed, which is the initiator's fault (RFC 7143 §7.12). */
public final class NegotiationException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean authentication;

  private NegotiationException(String message, boolean authentication) {
    // Without a stack trace: the cause is the peer.
    super(message, null, false, false);
    this.authentication = authentication;
  }

  static NegotiationException malformed(String what) {
    return new NegotiationException(what, false);
  }

  static NegotiationException of(TextKey key, String what) {
    return new NegotiationException(key.text() + ": " + what, key == TextKey.AUTH_METHOD);
  }

  /** Whether no method of authentication was found that both sides would use. */
  public boolean authentication() {
    return authentication;
  }
}
