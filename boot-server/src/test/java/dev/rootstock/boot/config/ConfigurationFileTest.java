// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.config.Configuration.BootFileSettings;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.config.Configuration.Dhcp;
import dev.rootstock.boot.config.Configuration.DiscoverySecret;
import dev.rootstock.boot.config.Configuration.Http;
import dev.rootstock.boot.config.Configuration.Iscsi;
import dev.rootstock.boot.config.Configuration.Isns;
import dev.rootstock.boot.config.Configuration.Slp;
import dev.rootstock.boot.config.Configuration.Unknown;
import dev.rootstock.target.Portal;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationFileTest {
  private static final Path FILE = Path.of("/etc/rootstock/r.yaml");

  @Test
  void withoutAFileTheDefaultsDisturbNoNetwork() {
    assertEquals(
        new Configuration(
            Path.of("rootstock-data"),
            null,
            new Iscsi(List.of(new InetSocketAddress("0.0.0.0", 3260)), null),
            Dhcp.OFF,
            new BootFileSettings(
                false, Path.of("/usr/lib/ipxe"), "undionly.kpxe", "snponly.efi", null, null, null),
            new Http(List.of(), null),
            Slp.OFF,
            Isns.OFF,
            Unknown.IGNORE,
            false),
        Configuration.defaults());
  }

  @Test
  void anEmptyFileMeansTheDefaults() throws Exception {
    assertEquals(Configuration.defaults(), ConfigurationFile.parse(FILE, "# nothing\n"));
  }

  @Test
  void everyKeyOfThisVersionIsRead() throws Exception {
    Configuration configuration =
        ConfigurationFile.parse(
            FILE,
            """
            data: /var/lib/rootstock
            server: 10.77.0.1                 # what clients are told
            iscsi:  { listen: ["10.77.0.1:3260", "[::1]:0"], chap: required, name-prefix: "iqn.2001-04.com.example:lab", discovery-chap: { user: finder, secret-file: finder.secret }, spin: 100us, pacing: true }
            dhcp:   { mode: server, interface: br0, range: 10.77.0.100-10.77.0.199, router: none, netmask: 255.255.255.0, lease: 2h, ipxe: script, strangers: serve, conflict-check: false,
                      name-servers: [10.77.0.53, 10.77.0.54], ntp-servers: 10.77.0.123, domain: lab.example, mtu: 9000 }
            slp:    { enabled: true, scopes: [DEFAULT, lab], interface: br0 }
            tftp:   { enabled: true, root: ipxe, bios: ipxe.pxe, uefi-x64: ipxe.efi, uefi-arm64: arm64/ipxe.efi,
                      uefi-x64-signed: sb/x.efi, uefi-arm64-signed: sb/a.efi }
            http:   { listen: ["10.77.0.1:8080"], templates: scripts }
            isns:   { enabled: true, listen: "10.77.0.1:3205" }
            unknown-clients: { policy: pending }
            takeover: true
            """);
    assertEquals(
        new Configuration(
            Path.of("/var/lib/rootstock"),
            "10.77.0.1",
            new Iscsi(
                List.of(
                    new Portal(new InetSocketAddress("10.77.0.1", 3260)),
                    new Portal(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0))),
                "iqn.2001-04.com.example:lab",
                ChapMode.REQUIRED,
                new DiscoverySecret("finder", Path.of("/etc/rootstock/finder.secret")),
                Duration.of(100, ChronoUnit.MICROS),
                true),
            new Dhcp.Server(
                List.of(
                    new Dhcp.Subnet(
                        "br0",
                        null,
                        null,
                        ipv4("10.77.0.100"),
                        ipv4("10.77.0.199"),
                        null,
                        ipv4("255.255.255.0"),
                        new Dhcp.Facts(
                            List.of(ipv4("10.77.0.53"), ipv4("10.77.0.54")),
                            List.of(ipv4("10.77.0.123")),
                            "lab.example",
                            9000))),
                Duration.ofHours(2),
                true,
                false,
                true,
                true),
            new BootFileSettings(
                true,
                Path.of("/etc/rootstock/ipxe"),
                "ipxe.pxe",
                "ipxe.efi",
                "arm64/ipxe.efi",
                "sb/x.efi",
                "sb/a.efi"),
            new Http(
                List.of(new InetSocketAddress("10.77.0.1", 8080)),
                Path.of("/etc/rootstock/scripts")),
            new Slp.Agent(List.of("DEFAULT", "lab"), "br0", false),
            new Isns.Server(new InetSocketAddress("10.77.0.1", 3205)),
            Unknown.PENDING,
            true),
        configuration);
  }

  @Test
  void aRelativeDataDirectoryLiesBesideTheFile() throws Exception {
    assertEquals(
        Path.of("/etc/rootstock/data"), ConfigurationFile.parse(FILE, "data: data").data());
  }

  /** RFC 7143 §13.9: each key is the tag of a portal group. */
  @Test
  void portalsMayBeInGroups() throws Exception {
    String text =
        """
        iscsi:
          listen:
            2: ["10.78.0.1:3260", "[::1]:0"]
            1: 10.77.0.1:3260
        """;
    assertEquals(
        List.of(
            new Portal(new InetSocketAddress("10.78.0.1", 3260), 2),
            new Portal(new InetSocketAddress(InetAddress.ofLiteral("::1"), 0), 2),
            new Portal(new InetSocketAddress("10.77.0.1", 3260), 1)),
        ConfigurationFile.parse(FILE, text).iscsi().listen());
  }

  @Test
  void disksInMemoryAreWhereTheFileSays() throws Exception {
    assertEquals(
        Path.of("/dev/shm"), ConfigurationFile.parse(FILE, "memory:").memory().directory());
    assertEquals(
        Path.of("/etc/rootstock/ram"),
        ConfigurationFile.parse(FILE, "memory: {directory: ram}").memory().directory());
    Configuration.Memory limited = ConfigurationFile.parse(FILE, "memory: {disks: 3G}").memory();
    assertEquals(
        new Configuration.Memory(Path.of("/dev/shm"), Configuration.NO_LIMIT, 3L << 30), limited);
    assertTrue(
        ConfigurationFile.parse(FILE, "").memory().disks() < Long.MAX_VALUE,
        "there is a limit by default");
    assertThrows(
        ConfigurationException.class, () -> ConfigurationFile.parse(FILE, "memory: {size: 1G}"));
  }

  @Test
  void theServiceMayBeLimitedToSomeMemory() throws Exception {
    assertEquals(Configuration.NO_LIMIT, ConfigurationFile.parse(FILE, "memory:").memory().limit());
    assertEquals(2L << 30, ConfigurationFile.parse(FILE, "memory-limit: 2G").memory().limit());
    for (String wrong : List.of("1535M", "0", "much", "-2G")) {
      ConfigurationException refused =
          assertThrows(
              ConfigurationException.class,
              () -> ConfigurationFile.parse(FILE, "takeover: true\nmemory-limit: " + wrong));
      assertTrue(String.valueOf(refused.getMessage()).contains(":2:"), refused.getMessage());
    }
  }

  @Test
  void whoProvesItselfIsChosenBetweenThree() throws Exception {
    assertEquals(ChapMode.PER_CLIENT, ConfigurationFile.parse(FILE, "iscsi:").iscsi().chap());
    for (ChapMode mode : ChapMode.values()) {
      String text = "iscsi: {chap: %s}".formatted(mode.text());
      assertEquals(mode, ConfigurationFile.parse(FILE, text).iscsi().chap());
    }
  }

  @Test
  void severalNetworksAreListed() throws Exception {
    Configuration configuration =
        ConfigurationFile.parse(
            FILE,
            """
            dhcp:
              mode: server
              subnets:
                - { interface: br0, address: 10.77.0.1, range: 10.77.0.100-10.77.0.199, router: none }
                - interface: br1
                - { network: 10.88.0.0/16, range: 10.88.1.1-10.88.1.9, router: 10.88.0.254, mtu: 1400 }
            """);
    Dhcp.Server dhcp = (Dhcp.Server) configuration.dhcp();

    assertEquals(
        List.of(
            new Dhcp.Subnet(
                "br0",
                ipv4("10.77.0.1"),
                null,
                ipv4("10.77.0.100"),
                ipv4("10.77.0.199"),
                null,
                null,
                Dhcp.Facts.NONE),
            new Dhcp.Subnet("br1", null, null, null, null, null, null, Dhcp.Facts.NONE),
            new Dhcp.Subnet(
                null,
                null,
                new Dhcp.Network(ipv4("10.88.0.0"), 16),
                ipv4("10.88.1.1"),
                ipv4("10.88.1.9"),
                ipv4("10.88.0.254"),
                null,
                new Dhcp.Facts(List.of(), List.of(), null, 1400))),
        dhcp.subnets());
  }

  /** What could disturb a network is off until somebody wants it. */
  @Test
  void strangersAreNotServedUnlessConfigured() throws Exception {
    Dhcp.Server dhcp =
        (Dhcp.Server)
            ConfigurationFile.parse(
                    FILE, "dhcp: {mode: server, interface: br0, range: 10.0.0.1-10.0.0.2}")
                .dhcp();
    assertFalse(dhcp.strangers());
    assertTrue(dhcp.conflictCheck());
  }

  @Test
  void dhcpThatIsOffNeedsNothingElse() throws Exception {
    assertEquals(Dhcp.OFF, ConfigurationFile.parse(FILE, "dhcp: {mode: off}").dhcp());
    assertEquals(Dhcp.OFF, ConfigurationFile.parse(FILE, "dhcp:").dhcp());
  }

  /** What is wrong, and what the one line has to say; {@code ;} is a new line of the file. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          data: x;dchp: {mode: off}                    | :2: unknown key 'dchp': use one of data, dhcp, http, iscsi
          iscsi:;  lsiten: [a]                         | :2: unknown key 'iscsi.lsiten': use one of chap, discovery-chap, listen, name-prefix, pacing, spin
          iscsi:;  spin: 100                           | :2: 'iscsi.spin: 100' is not from 0us to 1000us: write a number and us
          iscsi: {spin: 2000us}                        | :1: 'iscsi.spin: 2000us' is not from 0us to 1000us
          data: x;data: y                              | :2: key 'data' stands in line 1 already
          data: [a, b]                                 | :1: 'data' is one value, and not a list or keys with values
          data: {a: b}                                 | :1: 'data' is one value, and not a list or keys with values
          data:                                        | :1: 'data' is one value, and it is missing
          [a, b]                                       | :1: the file holds keys and values
          data: x;  y: : z                             | :2: this is no YAML
          "data                                        | :1: this is no YAML: while scanning a quoted scalar: found unexpected end of stream
          iscsi:;\tspin: 1us                           | :2: this is no YAML: while scanning for the next token: found character
          data: x;server: "a;b: c                      | :2: this is no YAML: while scanning a quoted scalar
          data: a;---;data: b                          | a second document begins here
          a: &x 1;b: *x                                | :2: aliases and tags are not taken
          server: 10.77.0.999                          | :1: 'server: 10.77.0.999' is neither an address nor a host name
          server: -x                                   | :1: 'server: -x' is neither
          iscsi: {listen: ["0.0.0.0"]}                 | :1: '0.0.0.0' of 'iscsi.listen' is no address to listen on: write ADDRESS:PORT
          iscsi: {listen: ["0.0.0.0:65536"]}           | '0.0.0.0:65536' of 'iscsi.listen' is no address
          iscsi: {listen: ["::1:3260"]}                | '::1:3260' of 'iscsi.listen' is no address
          iscsi: {listen: ["host:3260"]}               | 'host:3260' of 'iscsi.listen' is no address
          iscsi: {listen: []}                          | 'iscsi.listen' has to name at least one
          iscsi: {listen: ["[::]:1", "[::]:1"]}        | '[::]:1' stands twice in 'iscsi.listen'
          iscsi: {listen: {}}                          | 'iscsi.listen' has to name 1 to 255 portal groups
          iscsi: {listen: {0: "10.0.0.1:1"}}           | '0' of 'iscsi.listen' is no portal group: write a number from 1 to 65535
          iscsi: {listen: {65536: "10.0.0.1:1"}}       | '65536' of 'iscsi.listen' is no portal group
          iscsi: {listen: {one: "10.0.0.1:1"}}         | 'one' of 'iscsi.listen' is no portal group
          iscsi: {listen: {1: []}}                     | 'iscsi.listen.1' has to name at least one
          iscsi:; listen:;  1: "10.0.0.1:1";  2: "10.0.0.1:1" | :4: '10.0.0.1:1' of portal group 2 is in another group too
          iscsi: {name-prefix: "iqn.X"}                | :1: 'iqn.X' is no prefix of iSCSI names
          iscsi: {chap: mutual}                        | 'iscsi.chap: mutual' is not known: use none or per-client or required
          iscsi: {discovery-chap: {user: u}}           | :1: 'iscsi.discovery-chap' needs 'user' and 'secret-file'
          iscsi: {discovery-chap: {secret: s}}         | :1: unknown key 'iscsi.discovery-chap.secret': use one of secret-file, user
          iscsi: {chap: none, discovery-chap: {user: u, secret-file: f}} | means nothing while 'iscsi.chap' is none
          iscsi: {chap: maybe}                         | 'iscsi.chap: maybe' is not known: use none
          dhcp:;  mode: proxy;  interface: br0         | :2: iPXE gets a script then, and scripts come over HTTP: add 'http
          dhcp: {mode: proxy}                          | 'dhcp.mode: proxy' needs 'dhcp.interface'
          dhcp: {mode: proxy, interface: br0, range: 10.0.0.1-10.0.0.2};http: {listen: "0.0.0.0:80"} | 'dhcp.mode: proxy' gives no addresses
          dhcp: {mode: server, interface: br0, range: 10.0.0.1-10.0.0.2, ipxe: script} | scripts come over HTTP
          dhcp: {mtu: 20}                              | 'dhcp.mtu: 20' is no size of a packet
          dhcp: {mtu: 99999}                           | 'dhcp.mtu: 99999' is no size of a packet
          dhcp: {domain: a_b}                          | 'dhcp.domain: a_b' is no domain name
          dhcp: {name-servers: [here]}                 | 'here' of 'dhcp.name-servers' is no IPv4 address
          dhcp:;  mode: serve                          | :2: 'dhcp.mode: serve' is not known: use server or proxy or off
          dhcp: {mode: server, range: 10.0.0.1-10.0.0.2} | 'dhcp.mode: server' needs 'dhcp.interface'
          dhcp: {mode: server, interface: br0}         | 'dhcp.mode: server' needs 'dhcp.range'
          dhcp: {mode: server, range: 10.0.0.1-10.0.0.2, subnets: [{interface: br0}]} | 'dhcp.range' is of one network
          dhcp: {mode: server, subnets: []}            | 'dhcp.subnets' lists 1 to 64 networks
          dhcp: {mode: server, subnets: br0}           | 'dhcp.subnets' is a list
          dhcp: {mode: server, subnets: [br0]}         | 'dhcp.subnets[1]' holds keys and values
          dhcp: {mode: server, subnets: [{range: 10.0.0.1-10.0.0.2}]} | each of 'dhcp.subnets' has an 'interface'
          dhcp: {mode: server, subnets: [{network: 10.0.0.0/8}]} | 'dhcp.mode: server' needs 'dhcp.interface'
          dhcp: {mode: server, subnets: [{interface: br0, lease: 1h}]} | unknown key 'dhcp.subnets[1].lease'
          dhcp: {mode: server, subnets: [{network: 10.0.0.1/8}]} | has bits behind its prefix
          dhcp: {mode: server, subnets: [{network: 10.0.0.0/31}]} | is no network for clients
          dhcp: {mode: server, subnets: [{network: 10.0.0.0/8, netmask: 255.0.0.0}]} | it has its prefix already
          dhcp: {mode: proxy, subnets: [{network: 10.0.0.0/8},{interface: br0}]};http: {listen: "0.0.0.0:80"} | 'dhcp.mode: proxy' answers on interfaces
          dhcp: {subnets: [{interface: br0}]}          | 'dhcp' without 'dhcp.mode' is off
          dhcp: {strangers: maybe}                     | 'dhcp.strangers: maybe' is not known: use ignore or serve
          dhcp: {range: 10.0.0.9-10.0.0.2}             | 'dhcp.range: 10.0.0.9-10.0.0.2' ends before it begins
          dhcp: {range: 10.0.0.9}                      | 'dhcp.range: 10.0.0.9' is no range
          dhcp: {range: 10.0.0-10.0.0.2}               | '10.0.0' of 'dhcp.range' is no IPv4 address
          dhcp: {interface: br0, range: 10.0.0.1-10.0.0.2} | 'dhcp' without 'dhcp.mode' is off: add 'mode: server'
          dhcp: {range: 10.0.0.1-10.0.0.2}             | 'dhcp' without 'dhcp.mode' is off
          dhcp: {router: 0.0.0.0}                      | 'dhcp.router: 0.0.0.0' is no address of a router
          dhcp: {router: 300.0.0.1}                    | '300.0.0.1' of 'dhcp.router' is no IPv4 address
          dhcp: {netmask: 255.0.255.0}                 | 'dhcp.netmask: 255.0.255.0' is no netmask
          dhcp: {lease: 1 fortnight}                   | 'dhcp.lease: 1 fortnight' is no duration: write a number and s, m, h or d
          dhcp: {lease: 5s}                            | 'dhcp.lease: 5s' is out of range
          dhcp: {interface: "a b"}                     | 'dhcp.interface: a b' is no name of an interface
          slp: {enabled: maybe}                        | 'slp.enabled: maybe' is not known: use true or false
          slp: {scopes: ["a,b"]}                       | 'a,b' is no scope
          slp: {scopes: [[a]]}                         | 'slp.scopes' is a list of single values
          http: {listen: "8080"}                       | '8080' of 'http.listen' is no address to listen on
          tftp: {bios: "a b"}                          | 'tftp.bios: a b' is no name of a boot file
          isns: {listen: ["10.77.0.1:1", "10.77.0.1:2"]} | 'isns.listen' is one address
          isns: {listen: isns}                         | 'isns' of 'isns.listen' is no address
          isns: {port: 3205}                           | unknown key 'isns.port'
          unknown-clients: {policy: enrol}             | 'policy: enrol' needs 'image' or 'group'
          unknown-clients: {policy: enrol, image: d}   | needs a rule: 'subnet', 'relay' or 'mac-prefix'
          unknown-clients: {image: debian}             | 'unknown-clients.image' is for 'policy: enrol'
          unknown-clients: {policy: enrol, image: d, subnet: 10.0.0.0} | is no network: write one as
          unknown-clients: {policy: enrol, image: d, subnet: 10.0.0.0/33} | is no network: write one as
          unknown-clients: {policy: enrol, image: d, mac-prefix: 52540} | is no beginning of a MAC address
          unknown-clients: {policy: enrol, image: d, relay: host} | is no IPv4 address
          unknown-clients: {policy: enrol, image: d, relay: 10.0.0.1, name: lab} | it needs {mac}, {uuid} or {number}
          unknown-clients: {policy: enrol, image: d, relay: 10.0.0.1, limit: 0} | is no number of clients
          unknown-clients: {policy: enrol, image: d, relay: 10.0.0.1, limit: 100001} | is no number of clients
          unknown-clients: {policy: enrol, image: d, relay: 10.0.0.1, rate: 5} | is no rate: write a number
          unknown-clients: {policy: enrol, image: d, relay: 10.0.0.1, mode: fast} | mode 'fast' is unknown
          store: {limit: much}                         | 'store.limit: much' is no size
          store: {limit: 0}                            | 'store.limit: 0' is no size
          store: {size: 1G}                            | unknown key 'store.size'
          takeover: perhaps                            | 'takeover: perhaps' is not known: use true or false
          """)
  void whatIsWrongIsNamedWithFileAndLine(String text, String expected) {
    String message =
        assertThrows(
                ConfigurationException.class,
                () -> ConfigurationFile.parse(FILE, text.replace(';', '\n')))
            .getMessage();
    String line = String.valueOf(message);
    assertEquals(true, line.startsWith(FILE + ":") && line.contains(expected), line);
    assertEquals(1, line.lines().count(), line);
  }

  @Test
  void aFileThatIsNotThereIsNamed(@TempDir Path folder) {
    Path file = folder.resolve("none.yaml");
    String message =
        assertThrows(ConfigurationException.class, () -> ConfigurationFile.load(file)).getMessage();
    assertEquals(
        "configuration file %s is not there: name another with --config".formatted(file), message);
  }

  @Test
  void aFileThatIsNoTextIsRefused(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("r.yaml");
    Files.write(file, new byte[] {(byte) 0xC3, 0x28});
    String message =
        assertThrows(ConfigurationException.class, () -> ConfigurationFile.load(file)).getMessage();
    assertEquals(file + " is no UTF-8 text", message);
  }

  private static Inet4Address ipv4(String literal) {
    return (Inet4Address) InetAddress.ofLiteral(literal);
  }

  @Test
  void theStoreHasNoLimitUntilItIsGivenOne() throws Exception {
    assertEquals(Configuration.NO_LIMIT, ConfigurationFile.parse(FILE, "").storeLimit());
    assertEquals(500L << 30, ConfigurationFile.parse(FILE, "store: { limit: 500G }").storeLimit());
  }
}
