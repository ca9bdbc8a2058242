// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A network as somebody else's DHCP server has to know it, so that our clients boot there.
 *
 * @param interfaceName that server's interface on it
 * @param address the network's own address, all host bits zero
 * @param prefixLength 1 to 30
 * @param range the first and the last address to give to machines without one of their own; empty
 *     where only those get an answer that have one
 * @param router where there is one that clients may use
 * @param bootServer our address, where programs and disks are
 * @param programs what firmware without iPXE loads from our TFTP server; empty where we have none
 * @param clients those that this server may have to do with
 */
public record BootNetwork(
    String interfaceName,
    Inet4Address address,
    int prefixLength,
    Optional<Range> range,
    Optional<Inet4Address> router,
    Inet4Address bootServer,
    Optional<Programs> programs,
    List<Client> clients) {

  private static final int LONGEST_PREFIX = 30;

  /** The first and the last address, both included. */
  public record Range(Inet4Address first, Inet4Address last) {}

  /**
   * What each kind of firmware loads.
   *
   * @param uefiArm64 empty where there is none
   * @param http the port on which we serve them to UEFI's HTTP boot; empty where we do not
   */
  public record Programs(
      String bios, String uefiX64, Optional<String> uefiArm64, OptionalInt http) {}

  /**
   * A program by UEFI's HTTP boot.
   *
   * @param architecture what it tells in option 93
   * @param url of the program
   */
  record HttpBoot(String name, ClientArchitecture architecture, String url) {}

  /** What UEFI's HTTP boot loads here; nothing where we have none for it. */
  List<HttpBoot> httpBoots() {
    List<HttpBoot> boots = new ArrayList<>();
    if (programs.isPresent() && programs.get().http().isPresent()) {
      String folder =
          "http://%s:%d/boot/"
              .formatted(bootServer.getHostAddress(), programs.get().http().getAsInt());
      boots.add(
          new HttpBoot(
              "uefi-http", ClientArchitecture.HTTP_X64, folder + programs.get().uefiX64()));
      programs
          .get()
          .uefiArm64()
          .ifPresent(
              file ->
                  boots.add(
                      new HttpBoot("arm64-http", ClientArchitecture.HTTP_ARM64, folder + file)));
    }
    return boots;
  }

  /** What a packet may hold beside the network card, by which a client is known. */
  public sealed interface Mark {
    /** Option 97; firmware writes the first three fields in either byte order. */
    record Machine(UUID uuid) implements Mark {}

    /** Option 203, from the few initiators that tell their name. */
    record Initiator(IscsiName name) implements Mark {}

    /**
     * A place, as a relay agent names it (RFC 3046); one identifier at least.
     *
     * @param relay the agent's address (giaddr)
     * @param circuitId in lower-case hexadecimal digits
     * @param remoteId in lower-case hexadecimal digits
     */
    record Place(Inet4Address relay, Optional<String> circuitId, Optional<String> remoteId)
        implements Mark {}
  }

  /**
   * One client.
   *
   * @param name its host name
   * @param macs its network cards
   * @param marks by what else it is known
   * @param address its own, on this network, where it has one
   * @param rootPath where its disk is
   * @param initiator the name that its initiator takes
   * @param install whether iPXE keeps its disk attached and boots from something else
   * @param remarks what its administrator has to know, a line each
   */
  public record Client(
      String name,
      List<HardwareAddress> macs,
      List<Mark> marks,
      Optional<Inet4Address> address,
      RootPath rootPath,
      IscsiName initiator,
      boolean install,
      List<String> remarks) {
    public Client {
      macs = List.copyOf(macs);
      marks = List.copyOf(marks);
      remarks = List.copyOf(remarks);
    }

    /** By what its machine is known, wherever it stands. */
    List<Mark> own() {
      return marks.stream().filter(mark -> !(mark instanceof Mark.Place)).toList();
    }

    /** Where it is known to stand. */
    List<Mark.Place> places() {
      return marks.stream()
          .flatMap(mark -> mark instanceof Mark.Place place ? Stream.of(place) : Stream.empty())
          .toList();
    }
  }

  public BootNetwork {
    clients = List.copyOf(clients);
    if (prefixLength < 1 || prefixLength > LONGEST_PREFIX) {
      throw new IllegalArgumentException("a network of /" + prefixLength);
    }
  }

  /** The mask in the form that most servers want. */
  String netmask() {
    int mask = -1 << (32 - prefixLength);
    return "%d.%d.%d.%d".formatted(mask >>> 24, mask >>> 16 & 0xFF, mask >>> 8 & 0xFF, mask & 0xFF);
  }

  /**
   * The addresses for all others: the range without what clients have by another key than a card.
   */
  List<Range> rangesBeside(List<Inet4Address> taken) {
    if (range.isEmpty()) {
      return List.of();
    }
    List<Range> left = new ArrayList<>();
    long next = bits(range.get().first());
    long last = bits(range.get().last());
    for (long hole : taken.stream().map(BootNetwork::bits).sorted().toList()) {
      if (hole < next || hole > last) {
        continue;
      }
      if (hole > next) {
        left.add(new Range(address(next), address(hole - 1)));
      }
      next = hole + 1;
    }
    if (next <= last) {
      left.add(new Range(address(next), address(last)));
    }
    return left;
  }

  /** The same network with these clients. */
  public BootNetwork with(List<Client> others) {
    return new BootNetwork(
        interfaceName, address, prefixLength, range, router, bootServer, programs, others);
  }

  /** Whether it is one of this network's. */
  public boolean contains(Inet4Address each) {
    int shift = Integer.SIZE - prefixLength;
    return bits(each) >> shift == bits(address) >> shift;
  }

  private static long bits(Inet4Address address) {
    return ByteBuffer.wrap(address.getAddress()).getInt() & 0xFFFF_FFFFL;
  }

  private static Inet4Address address(long bits) {
    return Inet4Address.ofLiteral(
        "%d.%d.%d.%d".formatted(bits >> 24, bits >> 16 & 0xFF, bits >> 8 & 0xFF, bits & 0xFF));
  }
}
