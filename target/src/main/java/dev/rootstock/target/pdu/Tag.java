// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.pdu;

/** The one value that all tags of RFC 7143 reserve. */
public final class Tag {
  /** No task, no transfer (§11.2.1.8, §11.7.4). */
  public static final int NONE = 0xFFFF_FFFF;

  private Tag() {}
}
