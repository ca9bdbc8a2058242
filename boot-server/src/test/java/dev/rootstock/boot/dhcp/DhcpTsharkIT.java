// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static dev.rootstock.dhcp.MessageType.INFORM;
import static dev.rootstock.dhcp.MessageType.REQUEST;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.net.Capture;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.dhcp.ClientIdentifier;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.IsnsServers;
import dev.rootstock.dhcp.SlpDirectoryAgents;
import dev.rootstock.dhcp.SlpScopes;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What other people's decoder makes of the packets that we send. */
class DhcpTsharkIT {
  private static final String MAC = "52:54:00:77:00:01";
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");

  @Test
  void everyAnswerDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    Capture capture = new Capture();
    byte[] relay = {1, 4, 'e', 't', 'h', '0'};
    List<Request> requests =
        List.of(
            Request.of(DISCOVER, MAC).ipxe().with(DhcpOption.MAX_MESSAGE_SIZE, 1472),
            Request.of(REQUEST, MAC).ipxe().server("10.77.0.1").requested("10.77.0.10"),
            Request.of(DISCOVER, MAC).pxe(),
            Request.of(DISCOVER, MAC).linux(),
            Request.of(REQUEST, MAC).ciaddr("10.77.0.10"),
            Request.of(REQUEST, MAC).requested("192.168.0.1"),
            Request.of(INFORM, MAC).ciaddr("10.77.0.10"),
            Request.of(DISCOVER, MAC)
                .giaddr("10.77.0.7")
                .with(DhcpOption.CLIENT_ID, new ClientIdentifier(1, "525400770001"))
                .with(DhcpOption.RELAY_AGENT, relay));
    DhcpSubnet subnet =
        new DhcpSubnet(
            "br0",
            SERVER,
            24,
            Optional.empty(),
            Optional.of(Inet4Address.ofLiteral("10.77.0.254")),
            List.of(Inet4Address.ofLiteral("10.77.0.53")));
    DhcpResponder responder =
        new DhcpResponder(
            List.of(subnet),
            new FakeClients().add("alpha", MAC, Optional.of("10.77.0.10")),
            (client, xid, stage) -> {},
            BootPrograms.NONE,
            new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> 0),
            () -> 0);
    for (Request request : requests) {
      Answer answer = (Answer) responder.decide(request.packet(), subnet);
      capture.add(SERVER, 67, answer.to(), answer.port(), DhcpCodec.encode(answer.packet()));
    }

    List<List<String>> packets =
        capture.decode(
            folder,
            "_ws.malformed",
            "_ws.expert.message",
            "dhcp.option.dhcp",
            "dhcp.ip.your",
            "dhcp.option.root_path",
            "dhcp.option.dhcp_server_id",
            "dhcp.option.ip_address_lease_time",
            "dhcp.option.subnet_mask",
            "dhcp.option.router");

    assertEquals(requests.size(), packets.size());
    for (List<String> packet : packets) {
      assertEquals(List.of("", ""), packet.subList(0, 2), packet.toString());
    }
    String path = "iscsi:10.77.0.1::::iqn.2026-11.dev.rootstock:01234567:alpha";
    assertEquals(
        List.of("2", "10.77.0.10", path, "10.77.0.1", "4294967295", "255.255.255.0", "10.77.0.254"),
        packets.get(0).subList(2, 9));
    assertEquals(
        List.of("2", "5", "2", "2", "5", "6", "5", "2"),
        packets.stream().map(packet -> packet.get(2)).toList());
  }

  /** What goes to every client that we know of; what fills the packet to its end goes elsewhere. */
  @Test
  void everyAnswerOfTheCorpusDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    Capture capture = new Capture();
    int answers = 0;
    for (String name : Corpus.NAMES) {
      if (Corpus.decision(name) instanceof Answer answer) {
        capture.add(SERVER, 67, answer.to(), answer.port(), DhcpCodec.encode(answer.packet()));
        answers++;
      }
    }
    for (String name :
        Stream.concat(Corpus.PROXIED.stream(), Stream.of(Corpus.TO_BOOT_SERVER)).toList()) {
      Answer answer = (Answer) Corpus.proxied(name);
      int from = answer.port() == ProxyResponder.PORT ? ProxyResponder.PORT : 67;
      capture.add(SERVER, from, answer.to(), answer.port(), DhcpCodec.encode(answer.packet()));
    }
    List<List<String>> packets =
        capture.decode(folder, "_ws.malformed", "_ws.expert.message", "dhcp.option.dhcp");

    assertEquals(Corpus.NAMES.size() - 1, answers, "all but one, which is another server's");
    assertEquals(answers + Corpus.PROXIED.size() + 1, packets.size());
    for (List<String> packet : packets) {
      assertEquals(List.of("", ""), packet.subList(0, 2), packet.toString());
    }
  }

  /** RFC 2131 §4.1: the fields file and sname hold options, and tshark finds all of them. */
  @Test
  void anOverloadedReplyDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    DhcpSubnet subnet =
        new DhcpSubnet(
            "br0",
            SERVER,
            24,
            Optional.empty(),
            Optional.of(Inet4Address.ofLiteral("10.77.0.254")),
            Collections.nCopies(40, Inet4Address.ofLiteral("10.77.0.53")));
    DhcpResponder responder =
        new DhcpResponder(
            List.of(subnet),
            new FakeClients().add("alpha", MAC, Optional.of("10.77.0.10")),
            (client, xid, stage) -> {},
            BootPrograms.NONE,
            new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> 0),
            () -> 0);
    Request request =
        Request.of(DISCOVER, MAC)
            .ipxe()
            .with(DhcpOption.MAX_MESSAGE_SIZE, 576)
            .with(DhcpOption.CLIENT_ID, new ClientIdentifier(0, "ab".repeat(60)));
    Answer answer = (Answer) responder.decide(request.packet(), subnet);
    byte[] bytes = DhcpCodec.encode(answer.packet());
    List<String> packet =
        new Capture()
            .add(SERVER, 67, answer.to(), answer.port(), bytes)
            .decode(
                folder,
                "_ws.malformed",
                "_ws.expert.message",
                "dhcp.option.option_overload",
                "dhcp.option.root_path",
                "dhcp.option.hostname",
                "dhcp.option.router")
            .getFirst();

    assertTrue(bytes.length <= 576 - 28, "bytes: " + bytes.length);
    assertEquals(
        List.of(
            "",
            // Its note, not a complaint, that the fields are read as options.
            "Server name option overloaded by DHCP,Boot file name option overloaded by DHCP",
            "3",
            "iscsi:10.77.0.1::::iqn.2026-11.dev.rootstock:01234567:alpha",
            "alpha",
            "10.77.0.254"),
        packet);
  }

  /** Options 78, 79 and 83, for a client that asks for them. */
  @Test
  void whereDiscoveryIsDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    DhcpSubnet subnet =
        new DhcpSubnet("br0", SERVER, 24, Optional.empty(), Optional.empty(), List.of())
            .with(
                DhcpOptions.builder()
                    .put(
                        DhcpOption.SLP_DIRECTORY_AGENTS,
                        new SlpDirectoryAgents(false, List.of(SERVER)))
                    .put(DhcpOption.SLP_SCOPES, new SlpScopes(false, "DEFAULT,lab"))
                    .put(DhcpOption.ISNS_SERVERS, IsnsServers.of(SERVER))
                    .build());
    DhcpResponder responder =
        new DhcpResponder(
            List.of(subnet),
            new FakeClients().add("alpha", MAC, Optional.of("10.77.0.10")),
            (client, xid, stage) -> {},
            BootPrograms.NONE,
            new OnceLog(LoggerFactory.getLogger("test"), 10, 10, 1, () -> 0),
            () -> 0);
    Request request =
        Request.of(DISCOVER, MAC)
            .linux()
            .with(DhcpOption.PARAMETER_REQUEST_LIST, List.of(1, 17, 78, 79, 83));
    Answer answer = (Answer) responder.decide(request.packet(), subnet);
    Capture capture =
        new Capture()
            .add(SERVER, 67, answer.to(), answer.port(), DhcpCodec.encode(answer.packet()));

    List<String> packet =
        capture
            .decode(
                folder,
                "_ws.malformed",
                "_ws.expert.message",
                "dhcp.option.slp_directory_agent.slpda_address",
                "dhcp.option.slp_service_scope.string",
                "dhcp.option.isns.primary_server_addr",
                "dhcp.option.isns.functions.dd_base_authorization")
            .getFirst();

    assertEquals(
        List.of("", "", "10.77.0.1", "DEFAULT,lab", "10.77.0.1", "1"), packet, packet.toString());
  }
}
