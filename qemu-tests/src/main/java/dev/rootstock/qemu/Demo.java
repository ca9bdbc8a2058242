// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code rootstock demo}: two diskless machines boot twice from one golden image, and what each
 * wrote stays its own. Every line of the table at the end was checked before it is printed.
 */
public final class Demo {
  private static final int STEPS = 6;
  private static final String IMAGE = GoldenImageMaker.IMAGE_NAME;

  /** How long a failure waits to see whether it is only what Ctrl-C did to the machines. */
  private static final int INTERRUPT_GRACE_MILLIS = 500;

  private final PrintStream out;
  private final Path folder;
  private final long begun = System.nanoTime();
  private final List<Guest> guests = new ArrayList<>();
  private volatile @Nullable PrivateNetwork network;
  private int step;

  private Demo(PrintStream out, Path folder) {
    this.out = out;
    this.folder = folder;
  }

  /** One machine and what it said. */
  private static final class Guest {
    final Machine machine;
    final BootProgress progress;
    String left = "";
    String value = "";
    String found = "";

    Guest(Machine machine, BootProgress progress) {
      this.machine = machine;
      this.progress = progress;
    }

    String name() {
      return machine.name();
    }
  }

  /** Runs the demonstration; no arguments but {@code --help}. */
  public static void main(String[] arguments) throws Exception {
    var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    if (List.of(arguments).contains("--help")) {
      out.print(
          """
          usage: rootstock demo
          Makes a small bootable image, serves it in a network namespace of its own, boots two QEMU
          machines from it twice, and shows that each keeps its own writes and the image keeps none.
          It needs no root where the kernel allows user namespaces, and cleans up after itself.
          """);
      return;
    }
    System.exit(new Demo(out, Checkout.scratch("demo")).run());
  }

  private int run() throws IOException, InterruptedException {
    FileTree.delete(folder);
    Files.createDirectories(folder);
    var interrupted = new Thread(this::cleanUp);
    Runtime.getRuntime().addShutdownHook(interrupted);
    try {
      show();
      cleanUp();
      return 0;
    } catch (IOException failure) {
      Thread.sleep(INTERRUPT_GRACE_MILLIS);
      if (!forget(interrupted)) {
        return 1;
      }
      stopAll();
      Files.deleteIfExists(folder.resolve("golden.raw"));
      FileTree.delete(folder.resolve("data"));
      System.err.println("rootstock: the demo failed: " + failure.getMessage());
      System.err.println("rootstock: the logs are kept in " + folder);
      return 1;
    }
  }

  /** False when the JVM is ending already, on Ctrl-C: then the hook cleans up. */
  private static boolean forget(Thread hook) {
    try {
      return Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException ending) {
      return false;
    }
  }

  private void stopAll() {
    PrivateNetwork opened = network;
    if (opened != null) {
      opened.close();
    }
  }

  private void cleanUp() {
    stopAll();
    try {
      FileTree.delete(folder);
    } catch (IOException e) {
      System.err.println("rootstock: could not remove " + folder + ": " + e.getMessage());
    }
  }

  private void show() throws IOException, InterruptedException {
    out.println("Rootstock: two diskless machines boot from one golden image.");
    out.println("Everything happens in " + folder);
    out.println("and in a network of its own; both are gone when this ends.");

    // First, for where the computer does not allow it nothing else is worth while.
    PrivateNetwork bridge = PrivateNetwork.open();
    network = bridge;
    DebianPackages packages = DebianPackages.inUserCache();
    title("A small bootable image, from the distribution's own packages");
    say("packages are fetched into %s; none is installed".formatted(packages.cache()));
    Path image = folder.resolve("golden.raw");
    String kernel = GoldenImageMaker.make(packages, image);
    say("Linux %s, busybox, open-iscsi: %s".formatted(kernel, mebibytes(Files.size(image))));

    title("The image becomes golden, and the service starts on a private bridge");
    var service = new Service(bridge, folder, line -> {});
    service.command("image", "import", image.toString(), "--name", IMAGE);
    Path golden = service.data().resolve("images").resolve(IMAGE).resolve("1.raw");
    String before = Checksum.of(golden);
    say("golden image %s@1, SHA-256 %s".formatted(IMAGE, before));
    service.start();
    service.log().find("^ready ").forEach(this::say);
    addGuest(bridge, service, "alice", "52:54:00:77:00:01");
    addGuest(bridge, service, "bob", "52:54:00:77:00:02");

    title("First boot: iPXE, DHCP option 17, iSCSI");
    powerOn();
    for (Guest guest : guests) {
      firstBoot(guest);
    }

    title("Second boot: what does each find on its disk?");
    powerOn();
    for (Guest guest : guests) {
      secondBoot(guest);
    }

    title("The disks, with everything off");
    expect(service.stop() == 0, "the service did not end with code 0");
    expect(Checksum.of(golden).equals(before), "the golden image has changed");
    service.command("image", "verify", IMAGE);
    say("golden image: SHA-256 %s, unchanged".formatted(before));
    for (Guest guest : guests) {
      Tool.run("qemu-img", "check", "-q", overlay(service, guest).toString());
      say("overlay of %s: qemu-img check finds no error".formatted(guest.name()));
    }
    printTable(service, Files.size(golden));
  }

  private void addGuest(PrivateNetwork bridge, Service service, String name, String mac)
      throws IOException, InterruptedException {
    service.command("client", "add", name, "--mac", mac, "--image", IMAGE);
    say("client %s: MAC %s, image %s, mode persistent".formatted(name, mac, IMAGE));
    var progress = new BootProgress(name, out::println);
    guests.add(
        new Guest(new Machine(bridge, name, mac, Firmware.BIOS, folder, progress), progress));
  }

  private void powerOn() throws IOException {
    for (Guest guest : guests) {
      guest.progress.begin();
      guest.machine.powerOn();
    }
  }

  private void firstBoot(Guest guest) throws IOException, InterruptedException {
    Machine machine = guest.machine;
    machine.log().await("^ROOTSTOCK boot 1 of " + guest.name(), Machine.BOOT);
    guest.left = machine.log().await("^ROOTSTOCK left (.+)", Machine.ANSWER).group(1);
    machine.awaitReady();
    guest.value = "only-" + guest.name() + "-wrote-this";
    machine.write(guest.value);
    machine.shutDown();
  }

  private void secondBoot(Guest guest) throws IOException, InterruptedException {
    Machine machine = guest.machine;
    machine.log().await("^ROOTSTOCK boot 2 of " + guest.name(), Machine.BOOT);
    String found = machine.log().await("^ROOTSTOCK found (.+)", Machine.ANSWER).group(1);
    expect(found.equals(guest.left), guest.name() + " found " + found + " and not its own line");
    machine.awaitReady();
    guest.found = machine.read();
    expect(guest.found.equals(guest.value), guest.name() + " read " + guest.found);
    for (Guest other : guests) {
      boolean seen = other != guest && !machine.log().find(other.left).isEmpty();
      expect(!seen, guest.name() + " saw what " + other.name() + " wrote");
    }
    machine.shutDown();
  }

  private void printTable(Service service, long goldenBytes)
      throws IOException, InterruptedException {
    title("What this showed");
    String row = "  %-26s %-32s %-32s%n";
    out.printf(row, "", guests.getFirst().name(), guests.getLast().name());
    out.printf(row, "first boot wrote", guests.getFirst().value, guests.getLast().value);
    out.printf(row, "second boot found", guests.getFirst().found, guests.getLast().found);
    out.printf(row, "saw the other's writes", "no", "no");
    out.printf(row, "overlay, file size", size(service, 0, "%s"), size(service, 1, "%s"));
    out.printf(row, "overlay, on disk", size(service, 0, "%b"), size(service, 1, "%b"));
    out.printf(row, "golden image", mebibytes(goldenBytes) + ", shared", "unchanged");
    double seconds = (System.nanoTime() - begun) / 1e9;
    out.printf("%nDone in %.0f s. Nothing is left behind but the cached packages.%n", seconds);
  }

  /** A field of stat(1): %s is the size in bytes, %b the number of 512-byte blocks on disk. */
  private String size(Service service, int guest, String field)
      throws IOException, InterruptedException {
    Path file = overlay(service, guests.get(guest));
    long number = Long.parseLong(Tool.run("stat", "-c", field, file.toString()).strip());
    return "%,d KiB".formatted((field.equals("%b") ? number * 512 : number) / 1024);
  }

  private static Path overlay(Service service, Guest guest) {
    return service.data().resolve("clients").resolve(guest.name() + ".qcow2");
  }

  private void title(String text) {
    double seconds = (System.nanoTime() - begun) / 1e9;
    out.printf("%n[%d/%d] %s  (%.0f s)%n", ++step, STEPS, text, seconds);
  }

  private void say(String text) {
    out.println("      " + text);
  }

  private static String mebibytes(long bytes) {
    return "%d MiB".formatted(bytes >> 20);
  }

  private static void expect(boolean holds, String otherwise) throws IOException {
    if (!holds) {
      throw new IOException(otherwise);
    }
  }
}
