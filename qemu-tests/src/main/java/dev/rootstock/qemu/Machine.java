// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/**
 * A diskless machine in QEMU on a private network. Its serial line is our way in and out: the guest
 * reports with lines that begin with {@code ROOTSTOCK}, and obeys commands.
 *
 * <p>It emulates the processor always (TCG): KVM is missing on most build machines, and on some
 * others it opens and then crawls. There are no retries: a machine that does not boot is a failure.
 */
final class Machine implements AutoCloseable {
  /**
   * From power-on to the guest's prompt; about 10 s alone on two cores, more when they are shared.
   */
  static final Duration BOOT = Duration.ofMinutes(2);

  /** A command to a guest that works as it should. */
  static final Duration ANSWER = Duration.ofSeconds(30);

  /** After an outage of the server: iscsid's ping, its time-out, and its waits between logins. */
  static final Duration RECOVERY = Duration.ofMinutes(1);

  private static final int MEMORY_MIB = 512;
  private static final int PROCESSORS = 2;

  private final PrivateNetwork network;
  private final String name;
  private final String mac;
  private final Firmware firmware;
  private final Path folder;
  private final LineLog log;
  private PrivateNetwork.@Nullable Resident qemu;

  /**
   * Builds a machine, which is off.
   *
   * @param name its name, which is also that of its network port: at most 12 characters
   * @param folder keeps its serial log, {@code NAME.serial.log}, and its firmware's settings
   * @param listener is given every line of its serial line
   */
  Machine(
      PrivateNetwork network,
      String name,
      String mac,
      Firmware firmware,
      Path folder,
      Consumer<String> listener)
      throws IOException, InterruptedException {
    this.network = network;
    this.name = name;
    this.mac = mac;
    this.firmware = firmware;
    this.folder = folder;
    this.log = new LineLog(name, folder.resolve(name + ".serial.log"), listener);
    Files.createDirectories(folder);
    network.addTap(tap());
  }

  String name() {
    return name;
  }

  String mac() {
    return mac;
  }

  /** What its SMBIOS says, and so option 97: of the same card always the same. */
  String uuid() {
    return "4c4c4544-0042-3510-8052-" + mac.replace(":", "");
  }

  String tap() {
    return "tap" + name;
  }

  LineLog log() {
    return log;
  }

  /** Presses the power button. */
  void powerOn() throws IOException {
    var command = new ArrayList<>(List.of("qemu-system-x86_64"));
    command.addAll(firmware.options(folder));
    command.addAll(List.of("-name", name, "-uuid", uuid(), "-accel", "tcg,thread=multi"));
    command.addAll(List.of("-smp", "" + PROCESSORS, "-m", "" + MEMORY_MIB));
    command.addAll(List.of("-nodefaults", "-nographic", "-no-reboot", "-boot", "n"));
    command.addAll(List.of("-netdev", "tap,id=n0,ifname=" + tap() + ",script=no,downscript=no"));
    command.addAll(
        List.of("-device", "virtio-net-pci,netdev=n0,bootindex=1,mac=" + mac + firmware.card()));
    // A seed for the guest's random numbers: without it a kernel under TCG may wait for some.
    command.addAll(List.of("-device", "virtio-rng-pci"));
    command.addAll(List.of("-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"));
    qemu = network.start(folder, command);
    log.follow(qemu.streams().getInputStream());
  }

  /** Waits until the guest obeys commands. */
  void awaitReady() throws IOException, InterruptedException {
    log.await("^ROOTSTOCK ready", BOOT);
  }

  /** Sends a command to the guest. */
  void send(String command) throws IOException {
    var input = running().streams().getOutputStream();
    input.write((command + "\n").getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  /** Sends a command and waits for the line that answers it. */
  Matcher ask(String command, String answer) throws IOException, InterruptedException {
    send(command);
    return log.await(answer, ANSWER);
  }

  /** Makes the guest write a value to its disk, past its cache. */
  void write(String value) throws IOException, InterruptedException {
    ask("write " + value, "^ROOTSTOCK wrote " + value + "$");
  }

  /** What the guest reads from its disk, past its cache; {@code nothing} when it wrote no value. */
  String read() throws IOException, InterruptedException {
    return ask("read", "^ROOTSTOCK read (.+)$").group(1);
  }

  /** The same, where the guest may first have to log in again. */
  String readAfterOutage() throws IOException, InterruptedException {
    send("read");
    return log.await("^ROOTSTOCK read (.+)$", RECOVERY).group(1);
  }

  /** The kernel's and iscsid's messages since the guest started. */
  List<String> messages() throws IOException, InterruptedException {
    ask("log", "^ROOTSTOCK log begins");
    log.await("^ROOTSTOCK log ends", ANSWER);
    return log.find("^(KERNEL|ISCSID) ");
  }

  /** Makes the guest shut down, and waits until the machine is off. */
  void shutDown() throws IOException, InterruptedException {
    ask("off", "^ROOTSTOCK off$");
    if (!running().streams().waitFor(ANSWER.toSeconds(), TimeUnit.SECONDS)) {
      throw new IOException(name + " did not switch itself off; see " + log.file());
    }
  }

  /** Pulls the plug. */
  void cutPower() throws IOException {
    running().kill();
  }

  private PrivateNetwork.Resident running() throws IOException {
    if (qemu == null) {
      throw new IOException(name + " was never switched on");
    }
    return qemu;
  }

  @Override
  public void close() {
    if (qemu != null) {
      qemu.kill();
    }
  }
}
