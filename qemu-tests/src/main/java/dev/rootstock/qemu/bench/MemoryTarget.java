// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Admission;
import dev.rootstock.target.IscsiTarget;
import dev.rootstock.target.LogicalUnit;
import dev.rootstock.target.TargetSession;
import dev.rootstock.target.TargetSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The target alone, on a disk in memory that everybody may log in to: a process for {@link Bench}.
 */
final class MemoryTarget implements Admission {
  static final String NAME = "iqn.2026-11.dev.rootstock.bench:memory";

  private final LogicalUnit unit =
      new LogicalUnit(
          0, new MemoryBlockDevice(BenchLimits.DISK_BYTES), 0x3000_0000_0000_0001L, "memory");

  private MemoryTarget() {}

  /** Listens on the loopback port that the argument names until the process is ended. */
  public static void main(String[] args) throws IOException, InterruptedException {
    var address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0]));
    try (var target = IscsiTarget.start(TargetSettings.listeningOn(address), new MemoryTarget())) {
      System.out.println("ready iscsi " + target.addresses().getFirst());
      Thread.currentThread().join();
    }
  }

  @Override
  public CompletionStage<Authentication> authentication(AuthenticationRequest request) {
    return CompletableFuture.completedStage(Authentication.NOT_NEEDED);
  }

  @Override
  public CompletionStage<Decision> admit(LoginRequest request) {
    return CompletableFuture.completedStage(new Granted(new Open(unit)));
  }

  @Override
  public CompletionStage<List<String>> targets(DiscoveryRequest request) {
    return CompletableFuture.completedStage(List.of(NAME));
  }

  private record Open(LogicalUnit unit) implements Lease {
    @Override
    public List<LogicalUnit> units() {
      return List.of(unit);
    }

    @Override
    public long generation() {
      return 1;
    }

    @Override
    public void opened(TargetSession session) {}

    @Override
    public void ended(String why) {}
  }
}
