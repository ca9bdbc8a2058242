// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

/**
 * What a login has agreed on about data. Lengths are in bytes.
 *
 * @param maxSendSegment the initiator's MaxRecvDataSegmentLength
 * @param maxBurst MaxBurstLength
 * @param firstBurst FirstBurstLength, at most {@code maxBurst}
 * @param initialR2t whether unsolicited Data-Out PDUs are forbidden
 * @param immediateData whether a command may carry data
 */
public record TransferParameters(
    int maxSendSegment, int maxBurst, int firstBurst, boolean initialR2t, boolean immediateData) {

  public TransferParameters {
    // RFC 7143 §13.14. An initiator that offers one key only may not know; we bound what we take.
    firstBurst = Math.min(firstBurst, maxBurst);
  }

  /** The same after the initiator has declared another length (RFC 7143 §13.12). */
  public TransferParameters withMaxSendSegment(int length) {
    return new TransferParameters(length, maxBurst, firstBurst, initialR2t, immediateData);
  }
}
