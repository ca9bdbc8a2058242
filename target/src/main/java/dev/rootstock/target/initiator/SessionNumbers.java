// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

/** The numbers that the connections of one session share (RFC 7143 §4.2.2.1). */
final class SessionNumbers {
  private final int tsih;
  private int cmdSn;
  private int nextTag;

  SessionNumbers(int tsih, int cmdSn) {
    this.tsih = tsih;
    this.cmdSn = cmdSn;
  }

  int tsih() {
    return tsih;
  }

  int cmdSn() {
    return cmdSn;
  }

  int takeCmdSn() {
    return cmdSn++;
  }

  int newTag() {
    return nextTag++;
  }
}
