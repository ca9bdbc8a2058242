// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import java.util.List;

/** By which rule a key is answered (RFC 7143 §6.2). */
sealed interface Rule {

  /** Whether a value is proposed, which the acceptor answers by another (§6.2). */
  default boolean isNegotiated() {
    return switch (this) {
      case Choice _, Minimum _, MinimumWithin _, Maximum _, And _, Or _ -> true;
      case DeclaredNumber _, Declared _, Obsolete _, TargetOnly _, Security _, Request _ -> false;
    };
  }

  /** A list in order of preference; the first that we support is taken (§6.2.1). */
  record Choice(List<String> supported) implements Rule {
    public Choice {
      supported = List.copyOf(supported);
    }
  }

  /** A number; the smaller of the two wishes is taken. */
  record Minimum(int ours, int low, int high) implements Rule {}

  /** A number; the smallest of the two wishes and of what was agreed on for another key. */
  record MinimumWithin(int ours, int low, int high, TextKey bound) implements Rule {}

  /** A number; the larger of the two wishes is taken. */
  record Maximum(int ours, int low, int high) implements Rule {}

  /** Yes only if both want it. */
  record And(boolean ours) implements Rule {}

  /** Yes if one of both wants it. */
  record Or(boolean ours) implements Rule {}

  /** A number that the initiator declares; there is no answer. */
  record DeclaredNumber(int low, int high) implements Rule {}

  /** A text that the initiator declares; there is no answer. */
  record Declared(int maxBytes) implements Rule {}

  /** A key that is no more; it has one answer. */
  record Obsolete(String answer) implements Rule {}

  /** A key that a target alone may send. */
  record TargetOnly() implements Rule {}

  /** A step of the security negotiation, which answers it (§12.1). */
  record Security() implements Rule {}

  /** Not a parameter but a request, which the session answers (Appendix C). */
  record Request() implements Rule {}
}
