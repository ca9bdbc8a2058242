// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.MemoryBlockDevice;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Serves a disk in memory, to be measured from outside: {@code SpeedServer PORT MEGABYTES}. */
final class SpeedServer {
  private SpeedServer() {}

  public static void main(String[] args) throws Exception {
    var device = new MemoryBlockDevice(Long.parseLong(args[1]) << 20);
    var target =
        IscsiTarget.start(
            TargetSettings.listeningOn(
                    new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])))
                .withEventLoops(1),
            new OpenAdmission(device));
    System.out.println("ready " + target.addresses());
    Thread.sleep(Long.MAX_VALUE);
  }
}
