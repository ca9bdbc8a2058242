// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/** SrvAck (RFC 2608 §8.4). */
record ServiceAcknowledgment(int error) implements SlpBody {

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_ACKNOWLEDGE;
  }

  @Override
  public void write(SlpWriter out) {
    out.uint16(error);
  }
}
