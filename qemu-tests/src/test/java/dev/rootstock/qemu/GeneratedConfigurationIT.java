// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.dhcp.BootNetwork;
import dev.rootstock.dhcp.BootNetwork.Mark;
import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.ForeignServer;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.MessageType;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import java.net.Inet4Address;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What we print for other DHCP servers, checked by those servers themselves. */
class GeneratedConfigurationIT {

  private static final String RELAY = PrivateNetwork.ADDRESS;
  private static final UUID MACHINE = UUID.fromString("4c4c4544-0042-3510-8052-b4c04f4d3232");
  private static final UUID HOUSED = UUID.fromString("4c4c4544-0042-3510-8052-b4c04f4d3233");
  private static final IscsiName TOLD = new IscsiName("iqn.2026-11.org.example:told");
  private static final String CIRCUIT = "66";

  /** Whose disks iPXE keeps without booting from them: by card, by UUID, by place. */
  private static final Set<String> INSTALLED = Set.of("alpha", "by-uuid", "placed");

  /** Every way in which a client may be known, and every other thing that may be printed. */
  private static BootNetwork network(String networkInterface) {
    return new BootNetwork(
        networkInterface,
        address("10.77.0.0"),
        24,
        Optional.of(new BootNetwork.Range(address("10.77.0.50"), address("10.77.0.60"))),
        Optional.of(address("10.77.0.254")),
        address("10.77.0.1"),
        Optional.of(
            new BootNetwork.Programs(
                "undionly.kpxe", "snponly.efi", Optional.of("arm64.efi"), OptionalInt.of(8080))),
        List.of(
            client("alpha", "10.77.0.20", List.of(), "52:54:00:77:00:01", "52:54:00:77:00:02"),
            client("beta.lab", "10.77.0.21", List.of(), "52:54:00:77:00:03"),
            client("by-uuid", null, List.of(new Mark.Machine(MACHINE))),
            client("housed", "10.77.0.55", List.of(new Mark.Machine(HOUSED))),
            client("told", null, List.of(new Mark.Initiator(TOLD))),
            client(
                "placed",
                "10.77.0.30",
                List.of(
                    new Mark.Place(address(RELAY), Optional.of(CIRCUIT), Optional.empty()),
                    new Mark.Place(
                        address("10.99.0.1"), Optional.of("6162"), Optional.of("00ff")))),
            client(
                "both-ends",
                null,
                List.of(
                    new Mark.Place(address(RELAY), Optional.of("6768"), Optional.of("000102")))),
            client("nobody", null, List.of())));
  }

  private static Inet4Address address(String text) {
    return Inet4Address.ofLiteral(text);
  }

  private static BootNetwork.Client client(
      String name, @Nullable String address, List<Mark> marks, String... macs) {
    IscsiName target = new IscsiName("iqn.2026-11.dev.rootstock:01234567:" + name);
    return new BootNetwork.Client(
        name,
        List.of(macs).stream().map(HardwareAddress::ethernet).toList(),
        marks,
        Optional.ofNullable(address).map(GeneratedConfigurationIT::address),
        RootPath.of(new ServerName("10.77.0.1"), 3260, Lun.ZERO, target),
        new IscsiName(target.value() + ":initiator"),
        INSTALLED.contains(name),
        List.of("a remark"));
  }

  private static void accepts(ForeignServer kind, String program, String... check)
      throws Exception {
    Path folder = Checkout.scratch("it").resolve("accepts-" + kind.text());
    Files.createDirectories(folder);
    Path file =
        Files.writeString(folder.resolve("printed.conf"), kind.configuration(network("lo")));
    var arguments = new ArrayList<>(List.of(check));
    arguments.set(arguments.size() - 1, arguments.getLast() + file);
    Tool.run(
        folder,
        Map.of(),
        ForeignServers.fetched().command(folder, program, arguments.toArray(String[]::new)));
  }

  @Test
  void dnsmasqAcceptsIt() throws Exception {
    accepts(ForeignServer.DNSMASQ, "dnsmasq", "--test", "--conf-file=");
  }

  @Test
  void keaAcceptsIt() throws Exception {
    accepts(ForeignServer.KEA, "kea-dhcp4", "-t", "");
  }

  @Test
  void iscDhcpdAcceptsIt() throws Exception {
    accepts(ForeignServer.ISC, "dhcpd", "-t", "-cf", "");
  }

  /** A DISCOVER of iPXE that a relay agent hands on, from a card that nobody knows. */
  private static byte[] discover(int number, DhcpOptions.Builder further) {
    return discover("52:54:00:88:00:%02x".formatted(number), number, further);
  }

  private static byte[] discover(String mac, int number, DhcpOptions.Builder further) {
    DhcpOptions options =
        further
            .put(DhcpOption.MESSAGE_TYPE, MessageType.DISCOVER)
            .put(DhcpOption.PARAMETER_REQUEST_LIST, List.of(1, 3, 12, 17, 175, 203))
            .put(DhcpOption.IPXE, IpxeOptions.switchedOn(IpxeOptions.FEATURE_ISCSI))
            .build();
    return packet(mac, number, options);
  }

  private static byte[] packet(String mac, int number, DhcpOptions options) {
    Inet4Address none = DhcpPacket.NO_ADDRESS;
    return DhcpCodec.encode(
        new DhcpPacket(
            false,
            HardwareAddress.ethernet(mac),
            1,
            number,
            0,
            0,
            none,
            none,
            none,
            address(RELAY),
            "",
            "",
            options));
  }

  /** A DISCOVER of UEFI's HTTP boot as EDK2 has it, which a relay agent hands on. */
  private static byte[] httpBoot(int number, int architecture) {
    DhcpOptions options =
        DhcpOptions.builder()
            .put(DhcpOption.MESSAGE_TYPE, MessageType.DISCOVER)
            .put(DhcpOption.PARAMETER_REQUEST_LIST, List.of(1, 3, 6, 12, 43, 54, 60, 67))
            .put(
                DhcpOption.VENDOR_CLASS, "HTTPClient:Arch:%05d:UNDI:003001".formatted(architecture))
            .put(DhcpOption.ARCHITECTURES, List.of(new ClientArchitecture(architecture)))
            .build();
    return packet("52:54:00:88:01:%02x".formatted(number), number, options);
  }

  private static DhcpOptions.Builder machine(String option97) {
    return DhcpOptions.builder().put(97, HexFormat.of().parseHex(option97));
  }

  private static DhcpOptions.Builder relayed(String option82) {
    return DhcpOptions.builder().put(DhcpOption.RELAY_AGENT, HexFormat.of().parseHex(option82));
  }

  /** What a server's answer names, and where it puts the machine. */
  private static String told(byte[] answer) throws Exception {
    if (answer.length == 0) {
      return "silence";
    }
    DhcpPacket packet = DhcpCodec.decode(answer);
    String disk = packet.options().get(DhcpOption.ROOT_PATH).orElse("no disk");
    String name = disk.substring(disk.lastIndexOf(':') + 1);
    String host = packet.options().get(DhcpOption.HOST_NAME).orElse("no name");
    assertTrue(host.equals(name) || name.equals("no disk"), host + " has the disk of " + name);
    SortedMap<Integer, String> hints = new TreeMap<>(Map.of(IpxeOptions.NO_PXEDHCP, "01"));
    if (INSTALLED.contains(name)) {
      hints.put(IpxeOptions.KEEP_SAN, "01");
      hints.put(IpxeOptions.SKIP_SAN_BOOT, "01");
    }
    assertEquals(hints, packet.options().get(DhcpOption.IPXE).orElseThrow().values(), name);
    return name + " " + fixed(packet.yiaddr().getHostAddress());
  }

  /** What an answer has UEFI's HTTP boot load from us, by option 67 or by the field. */
  private static String httpProgram(byte[] answer) throws Exception {
    DhcpPacket packet = DhcpCodec.decode(answer);
    assertEquals(Optional.of("HTTPClient"), packet.options().get(DhcpOption.VENDOR_CLASS));
    String url = packet.options().get(DhcpOption.BOOT_FILE).orElse(packet.bootFile());
    String folder = "http://10.77.0.1:8080/boot/";
    assertTrue(url.startsWith(folder), url);
    return url.substring(folder.length());
  }

  private static String fixed(String address) {
    return Set.of("10.77.0.30", "10.77.0.55").contains(address) ? address : "any";
  }

  /** The servers themselves answer machines whose cards they do not know. */
  @ParameterizedTest
  @EnumSource
  void eachServerKnowsClientsByMoreThanTheirCards(ForeignServer kind) throws Exception {
    Path folder = Checkout.scratch("it").resolve("knows-" + kind.text());
    FileTree.delete(folder);
    Files.createDirectories(folder);
    String name = kind.text();
    Path file =
        Files.writeString(
            folder.resolve("printed.conf"), kind.configuration(network("far" + name)));
    ForeignServers.Starting starting =
        ForeignServers.fetched().starting(kind, folder.resolve(name), file, "far" + name);
    String uuid = MACHINE.toString().replace("-", "");
    List<byte[]> packets =
        List.of(
            discover(1, machine("00" + uuid)),
            // The same machine's UUID as SMBIOS has it.
            discover(2, machine("0044454c4c420010358052b4c04f4d3232")),
            discover(3, machine("00" + HOUSED.toString().replace("-", ""))),
            discover(4, relayed("010166")),
            discover(5, relayed("0102676802030001" + "02")),
            // Half of a place is not that place.
            discover(6, relayed("01026768")),
            discover(7, DhcpOptions.builder().put(DhcpOption.INITIATOR_NAME, TOLD.value())),
            discover(8, DhcpOptions.builder()),
            discover("52:54:00:77:00:02", 9, DhcpOptions.builder()),
            httpBoot(10, 16),
            httpBoot(11, 19));
    try (PrivateNetwork network = PrivateNetwork.open();
        OtherServer _ =
            OtherServer.start(
                network, folder, name, "10.77.0.3", starting.ready(), starting.command())) {
      List<String> told = new ArrayList<>();
      List<byte[]> answers = Datagram.relay(network, RELAY, "10.77.0.3", packets);
      for (byte[] answer : answers.subList(0, 9)) {
        told.add(told(answer));
      }
      assertEquals(
          List.of("snponly.efi", "arm64.efi"),
          List.of(httpProgram(answers.get(9)), httpProgram(answers.get(10))));
      assertEquals(
          List.of(
              "by-uuid any",
              "by-uuid any",
              "housed 10.77.0.55",
              "placed 10.77.0.30",
              "both-ends any",
              "no disk any",
              // What is printed says that dnsmasq cannot compare it.
              kind == ForeignServer.DNSMASQ ? "no disk any" : "told any",
              "no disk any",
              "alpha any"),
          told);
    }
  }
}
