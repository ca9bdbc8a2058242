// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static dev.rootstock.target.Requests.sendRead;
import static dev.rootstock.target.Requests.sendWrite;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.wire.Limits;
import java.io.IOException;
import java.util.Random;

/**
 * What the tests of connection recovery share: sessions of several connections at recovery level 2,
 * and how a connection of them is lost.
 */
abstract class RecoverableSession {
  static final LoginOptions SEVERAL = TestServer.options().with("MaxConnections", "4");
  static final LoginOptions LEVEL_1 = SEVERAL.with("ErrorRecoveryLevel", "1");
  static final LoginOptions LEVEL_2 =
      SEVERAL
          .with("ErrorRecoveryLevel", "2")
          .with("DefaultTime2Wait", "0")
          .with("DefaultTime2Retain", "60");
  final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  final SlowDevice slow = new SlowDevice(disk);
  final Random random = new Random(11);

  byte[] random(int bytes) {
    byte[] data = new byte[bytes];
    random.nextBytes(data);
    return data;
  }

  static ScsiCommand read(Initiator initiator, int blocks) throws IOException {
    ScsiCommand command = sendRead(initiator, 0, blocks);
    return command;
  }

  static ScsiCommand write(Initiator initiator, int bytes) throws IOException {
    ScsiCommand command = sendWrite(initiator, 0, bytes / 512);
    return command;
  }

  /** A connection is gone, and the initiator logs it out through another one. */
  static void loseAndLogOut(Initiator lost, Initiator other) throws IOException {
    lost.socket().reset();
    LogoutResponse response = other.logout(LogoutRequest.REMOVE_FOR_RECOVERY, lost.cid());
    assertEquals(LogoutResponse.CLOSED, response.response());
    assertEquals(0, response.time2Wait());
    assertEquals(Limits.RETAIN_SECONDS, response.time2Retain());
  }
}
