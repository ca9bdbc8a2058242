// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the tests of SNACK share: sessions at recovery level 1, in small segments and bursts, and
 * what is asked for again in them.
 */
abstract class SnackSession {
  static final int SEGMENT = 1024;

  static LoginOptions options() {
    return TestServer.options()
        .with("ErrorRecoveryLevel", "1")
        .with("MaxRecvDataSegmentLength", Integer.toString(SEGMENT))
        .with("MaxBurstLength", Integer.toString(4 * SEGMENT));
  }

  /** Everything up to the response. */
  static List<TargetPdu> receiveAll(Initiator initiator) throws IOException {
    List<TargetPdu> all = new ArrayList<>();
    do {
      all.add(initiator.receive());
    } while (!(all.getLast() instanceof ScsiResponse));
    return all;
  }

  static Reject rejected(Initiator initiator, int reason) throws IOException {
    Reject reject = assertInstanceOf(Reject.class, initiator.receive());
    assertEquals(reason, reject.reason());
    return reject;
  }

  static void dataSnack(Initiator initiator, ScsiCommand of, int begRun, int runLength)
      throws IOException {
    initiator.snack(SnackRequest.DATA_OR_R2T, 0, of.itt(), Tag.NONE, begRun, runLength);
  }

  static void statusSnack(Initiator initiator, int begRun, int runLength) throws IOException {
    initiator.snack(SnackRequest.STATUS, 0, Tag.NONE, Tag.NONE, begRun, runLength);
  }

  static DataIn dataIn(Initiator initiator) throws IOException {
    return assertInstanceOf(DataIn.class, initiator.receive());
  }
}
