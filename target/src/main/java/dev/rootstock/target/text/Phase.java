// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

/** Where in a connection's life a text is sent (RFC 7143 §6.3, §6.4). */
public enum Phase {
  /** The SecurityNegotiation stage of a login. */
  SECURITY,
  /** The LoginOperationalNegotiation stage of a login. */
  OPERATIONAL,
  FULL_FEATURE
}
