// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

/** What a connection is for; some keys are for one kind only (RFC 7143 §13). */
public enum SessionKind {
  /** The leading connection of a normal session. */
  NORMAL,
  /** A later connection of a normal session. */
  JOINING,
  DISCOVERY
}
