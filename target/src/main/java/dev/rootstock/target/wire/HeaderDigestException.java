// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import java.io.IOException;

/**
 * A header is not what its digest says. Where the next PDU begins is unknown then, so that the
 * connection has failed (RFC 7143 §7.8).
 */
public final class HeaderDigestException extends IOException {
  private static final long serialVersionUID = 1L;

  HeaderDigestException() {
    super("a header digest is wrong");
  }
}
