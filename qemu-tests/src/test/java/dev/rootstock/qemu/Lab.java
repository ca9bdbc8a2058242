// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one test needs: a private network, the real service with a golden image, and machines. All
 * tests of a run share one image file; each imports it into a data folder of its own. Serial logs,
 * captures and the service's log stay in {@code build/it/NAME}; the disks do not.
 */
final class Lab implements AutoCloseable {
  static final String IMAGE = GoldenImageMaker.IMAGE_NAME;

  private static @Nullable Path golden;

  private final Path folder;
  private final PrivateNetwork network;
  private final Service service;
  private final List<Machine> machines = new ArrayList<>();
  private final String checksum;

  private Lab(Path folder, PrivateNetwork network, Service service, String checksum) {
    this.folder = folder;
    this.network = network;
    this.service = service;
    this.checksum = checksum;
  }

  /** Opens a lab whose service has the golden image and listens. */
  static Lab open(String name) throws IOException, InterruptedException {
    return open(name, Service.OWN_DHCP);
  }

  /**
   * Opens a lab whose service is configured otherwise.
   *
   * @param boot its sections about DHCP, TFTP and HTTP
   */
  static Lab open(String name, String boot) throws IOException, InterruptedException {
    Path folder = Checkout.scratch("it").resolve(name);
    FileTree.delete(folder);
    Path image = golden();
    PrivateNetwork network = PrivateNetwork.open();
    try {
      var service = new Service(network, folder, boot, line -> {});
      service.command("image", "import", image.toString(), "--name", IMAGE);
      var lab = new Lab(folder, network, service, Checksum.of(image));
      assertEquals(lab.checksum, Checksum.of(lab.storedGolden()), "what was imported");
      service.start();
      return lab;
    } catch (IOException | InterruptedException | RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  /** The image that all tests of this run share; made by the first that asks. */
  static synchronized Path golden() throws IOException, InterruptedException {
    if (golden == null) {
      Path image = Checkout.scratch("it").resolve("golden.raw");
      GoldenImageMaker.make(DebianPackages.inUserCache(), image);
      golden = image;
    }
    return golden;
  }

  Path folder() {
    return folder;
  }

  PrivateNetwork network() {
    return network;
  }

  Service service() {
    return service;
  }

  /**
   * Tells the service of a client and builds its machine, which is off.
   *
   * @param more further options of {@code client add}
   */
  Machine client(String name, String mode, Firmware firmware, String... more)
      throws IOException, InterruptedException {
    return client(name, mode, firmware, KnownBy.CARD, more);
  }

  /** The same with a machine that is not known by its card. */
  Machine client(String name, String mode, Firmware firmware, KnownBy knownBy, String... more)
      throws IOException, InterruptedException {
    Machine machine = stranger(name, firmware);
    var command = new ArrayList<>(List.of("client", "add", name));
    command.addAll(
        switch (knownBy) {
          case CARD -> List.of("--mac", machine.mac());
          case UUID -> List.of("--uuid", machine.uuid());
          case CIRCUIT -> List.of("--circuit", Relay.PLACE);
        });
    command.addAll(List.of("--image", IMAGE, "--mode", mode));
    command.addAll(List.of(more));
    service.command(command.toArray(String[]::new));
    return machine;
  }

  /** Builds a machine that the service is not told of, and which is off. */
  Machine stranger(String name, Firmware firmware) throws IOException, InterruptedException {
    String mac = "52:54:00:77:01:%02x".formatted(machines.size() + 1);
    var machine = new Machine(network, name, mac, firmware, folder, line -> {});
    machines.add(machine);
    return machine;
  }

  /** The one key that the service has of a machine. */
  enum KnownBy {
    CARD,
    UUID,
    /** Where it is plugged in: the far network of {@link Relay}. */
    CIRCUIT
  }

  Path overlay(String client) {
    return service.data().resolve("clients").resolve(client + ".qcow2");
  }

  Path storedGolden() {
    return service.data().resolve("images").resolve(IMAGE).resolve("1.raw");
  }

  /**
   * Stops the service, and holds it to what it promises after anything that clients did: the golden
   * image is what it was, every overlay is a sound qcow2 file, no buffer leaked.
   */
  void finish() throws IOException, InterruptedException {
    assertEquals(0, service.stop(), "exit code of the service; its log is " + service.log().file());
    assertEquals(checksum, Checksum.of(storedGolden()), "the golden image has changed");
    try (var overlays = Files.newDirectoryStream(service.data().resolve("clients"), "*.qcow2")) {
      for (Path overlay : overlays) {
        Tool.run("qemu-img", "check", overlay.toString());
      }
    }
    assertEquals(List.of(), service.log().find("LEAK|ERROR|Exception"));
  }

  @Override
  public void close() throws IOException {
    machines.forEach(Machine::close);
    service.close();
    network.close();
    FileTree.delete(service.data());
  }
}
