// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.wire.Digests;

/**
 * What a login has agreed on about data. Lengths are in bytes. In which order sequences travel
 * (DataSequenceInOrder) is of no matter here: whatever may be in any order is sent in order, and
 * what is received has its place by its offset.
 *
 * @param maxSendSegment the initiator's MaxRecvDataSegmentLength
 * @param maxBurst MaxBurstLength
 * @param firstBurst FirstBurstLength, at most {@code maxBurst}
 * @param initialR2t whether unsolicited Data-Out PDUs are forbidden
 * @param immediateData whether a command may carry data
 * @param maxOutstandingR2t MaxOutstandingR2T, of one task
 * @param dataPduInOrder whether the PDUs of a sequence have to be in order
 * @param errorRecoveryLevel ErrorRecoveryLevel
 * @param digests of the connection that has logged in
 */
public record TransferParameters(
    int maxSendSegment,
    int maxBurst,
    int firstBurst,
    boolean initialR2t,
    boolean immediateData,
    int maxOutstandingR2t,
    boolean dataPduInOrder,
    int errorRecoveryLevel,
    Digests digests) {

  public TransferParameters {
    // RFC 7143 §13.14. An initiator that offers one key only may not know; we bound what we take.
    firstBurst = Math.min(firstBurst, maxBurst);
  }

  /** What holds for a connection that joins: its own where the key's scope says so (§13). */
  public TransferParameters ofConnection(TransferParameters own) {
    return with(own.maxSendSegment, own.digests);
  }

  /** The same after the initiator has declared another length (RFC 7143 §13.12). */
  public TransferParameters withMaxSendSegment(int length) {
    return with(length, digests);
  }

  private TransferParameters with(int segment, Digests ofConnection) {
    return new TransferParameters(
        segment,
        maxBurst,
        firstBurst,
        initialR2t,
        immediateData,
        maxOutstandingR2t,
        dataPduInOrder,
        errorRecoveryLevel,
        ofConnection);
  }
}
