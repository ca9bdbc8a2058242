// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/** Text that breaks its grammar, with the place where it does. The message names both. */
public final class SyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int offset;
  private final String problem;

  /**
   * @param offset the first wrong character, counted from 0; the text's length where something is
   *     missing at its end
   * @param problem what is wrong there, in one line
   */
  public SyntaxException(int offset, String problem) {
    super("at character " + (offset + 1) + ": " + problem);
    this.offset = offset;
    this.problem = problem;
  }

  /** The first wrong character, counted from 0. The message counts from 1, as people do. */
  public int offset() {
    return offset;
  }

  /** What is wrong, without the place. */
  public String problem() {
    return problem;
  }

  /** The same problem as seen from a longer text that holds this one. */
  SyntaxException shiftedBy(int characters) {
    return new SyntaxException(offset + characters, problem);
  }
}
