// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The challenges of a target that are still to be answered, on all its connections: one that comes
 * back to us is a reflection (RFC 7143 §9.2.1). As many as there are logins under way, which the
 * {@link Doorkeeper} bounds. For all threads.
 */
final class Challenges {
  private final SecureRandom random = new SecureRandom();
  private final Set<ByteBuffer> open = ConcurrentHashMap.newKeySet();

  /** A new challenge, to be paired with {@link #close}. */
  byte[] issue(int bytes) {
    byte[] challenge = new byte[bytes];
    random.nextBytes(challenge);
    open.add(ByteBuffer.wrap(challenge));
    return challenge;
  }

  /** A new identifier, 0 to 255. */
  int identifier() {
    return random.nextInt(256);
  }

  /** Whether this is one of ours. */
  boolean isOpen(byte[] challenge) {
    return open.contains(ByteBuffer.wrap(challenge));
  }

  /** The login that it belongs to is over. */
  void close(byte[] challenge) {
    open.remove(ByteBuffer.wrap(challenge));
  }

  int size() {
    return open.size();
  }
}
