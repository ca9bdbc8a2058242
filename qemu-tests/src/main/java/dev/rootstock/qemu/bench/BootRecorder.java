// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.qemu.GoldenImageMaker;
import dev.rootstock.qemu.bench.BootTrace.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code rootstock storm --record FILE}: boots the machine of {@code rootstock demo} from the real
 * service, and notes what it asks of its disk from iPXE's first read until its system is ready.
 *
 * <p>The machine is on QEMU's own network, which needs no rights: QEMU gives it an address and, by
 * TFTP, a script that names its disk. Its connections go through a {@link RecordingRelay}.
 */
final class BootRecorder {
  private static final String CLIENT = "recorded";

  private final Path folder;

  private BootRecorder(Path folder) {
    this.folder = folder;
  }

  /** Records one boot into a file; everything else that this makes is gone afterwards. */
  static void record(Path file) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("rootstock-record");
    try {
      new BootRecorder(folder).run(file);
    } finally {
      Bench.delete(folder);
    }
  }

  private void run(Path file) throws IOException, InterruptedException {
    System.out.println("making a small bootable image");
    Path image = folder.resolve("golden.raw");
    String kernel = GoldenImageMaker.make(image);
    try (var server =
            RootstockServer.service(folder.resolve("service"), image, "", List.of(CLIENT));
        var relay = new RecordingRelay(server.served(CLIENT).disk().portal())) {
      Path tftp = Files.createDirectory(folder.resolve("tftp"));
      // The machine's gateway, 10.0.2.2, is this computer's loopback address.
      Files.writeString(
          tftp.resolve("boot.ipxe"),
          """
          #!ipxe
          set initiator-iqn %s:%s
          sanboot iscsi:10.0.2.2::%d:0:%s
          """
              .formatted(
                  "iqn.2026-11.dev.rootstock",
                  CLIENT,
                  relay.port(),
                  server.served(CLIENT).disk().target()));
      System.out.println("booting it, Linux " + kernel);
      BootTrace trace = boot(relay, tftp, kernel, Files.size(image));
      BootTraceFile.write(trace, file);
      System.out.printf(
          "%s: %.1f s, %d reads of %d KiB, %d writes of %d KiB, %d flushes, %d discards; %d"
              + " bytes%n",
          file,
          trace.micros() / 1e6,
          trace.count(Kind.READ),
          trace.bytes(Kind.READ) / 1024,
          trace.count(Kind.WRITE),
          trace.bytes(Kind.WRITE) / 1024,
          trace.count(Kind.FLUSH),
          trace.count(Kind.DISCARD),
          Files.size(file));
    }
  }

  private BootTrace boot(RecordingRelay relay, Path tftp, String kernel, long diskBytes)
      throws IOException, InterruptedException {
    Process machine = new ProcessBuilder(machine(tftp)).redirectErrorStream(true).start();
    try {
      Thread.ofVirtual().start(() -> endLate(machine));
      StringBuilder said = new StringBuilder();
      var lines =
          new BufferedReader(
              new InputStreamReader(machine.getInputStream(), StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains("ROOTSTOCK ")) {
          System.out.println("  " + line.strip());
        }
        if (line.strip().equals("ROOTSTOCK ready")) {
          BootTrace trace = new BootTrace("Debian, Linux " + kernel, diskBytes, relay.ended());
          OutputStream commands = machine.getOutputStream();
          commands.write("off\n".getBytes(StandardCharsets.UTF_8));
          commands.flush();
          if (!machine.waitFor(BenchLimits.COMMAND.toSeconds(), TimeUnit.SECONDS)) {
            System.out.println("it did not switch itself off, and was");
          }
          return trace;
        }
        said.append("\n  ").append(line);
      }
      String all = said.toString();
      throw new IOException(
          "the machine ended or took longer than %d s; it said last:%s"
              .formatted(
                  BenchLimits.BOOT.toSeconds(), all.substring(Math.max(0, all.length() - 2000))));
    } finally {
      machine.destroyForcibly();
    }
  }

  private static void endLate(Process machine) {
    try {
      if (!machine.waitFor(BenchLimits.BOOT.toSeconds(), TimeUnit.SECONDS)) {
        machine.destroyForcibly();
      }
    } catch (InterruptedException e) {
      machine.destroyForcibly();
    }
  }

  /** As the demo's: emulated, for KVM is missing on most build machines. */
  private static List<String> machine(Path tftp) {
    return List.of(
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-smp",
        "2",
        "-m",
        "512",
        "-nodefaults",
        "-nographic",
        "-no-reboot",
        "-boot",
        "n",
        "-netdev",
        "user,id=n0,ipv6=off,bootfile=/boot.ipxe,tftp=" + tftp,
        "-device",
        "virtio-net-pci,netdev=n0,bootindex=1",
        "-device",
        "virtio-rng-pci",
        "-chardev",
        "stdio,id=serial,signal=off",
        "-serial",
        "chardev:serial");
  }
}
