// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** A server that goes and comes back is a pause for a running machine, and no more. */
class ServerRestartIT {
  private static final int AWAY_MILLIS = 3_000;

  @Test
  void ioGoesOnOverAStopAndAKillOfTheServer() throws Exception {
    try (Lab lab = Lab.open("server-restart")) {
      Machine machine = lab.client("rita", "persistent", Firmware.BIOS);
      machine.powerOn();
      machine.awaitReady();
      machine.write("before");
      machine.send("io");
      int pass = passAfter(machine, 2);

      assertEquals(0, lab.service().stop(), "exit code of a service that has a live session");
      Thread.sleep(AWAY_MILLIS);
      lab.service().start();
      pass = passAfter(machine, pass + 3);

      lab.service().kill();
      Thread.sleep(AWAY_MILLIS);
      lab.service().start();
      passAfter(machine, pass + 3);

      machine.ask("io-stop", "^ROOTSTOCK io stopped");
      assertEquals("before", machine.read());
      List<String> messages = machine.messages();
      assertEquals(List.of(), machine.log().find("^ROOTSTOCK io error"));
      assertEquals(List.of(), GuestLog.complaints(messages));
      int lost = GuestLog.lostConnections(messages).size();
      assertTrue(lost >= 2, "the session has to be lost twice for this to show anything: " + lost);
      machine.shutDown();
      lab.finish();
    }
  }

  /** Waits for a pass of the guest's I/O loop of at least this number. */
  private static int passAfter(Machine machine, int least) throws Exception {
    int pass;
    do {
      pass =
          Integer.parseInt(machine.log().await("^ROOTSTOCK io (\\d+)$", Machine.RECOVERY).group(1));
    } while (pass < least);
    return pass;
  }
}
