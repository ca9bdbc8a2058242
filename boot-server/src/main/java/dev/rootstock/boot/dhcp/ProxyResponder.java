// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.dhcp.Recognised.Disputed;
import dev.rootstock.boot.dhcp.Recognised.Known;
import dev.rootstock.boot.dhcp.Recognised.Stranger;
import dev.rootstock.boot.net.Bounded;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.net.RateLimit;
import dev.rootstock.dhcp.BootProgram;
import dev.rootstock.dhcp.BootReply;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;

/**
 * A proxyDHCP server (PXE 2.1 §2.2): beside a server that gives addresses and knows nothing of us,
 * it tells firmware of known clients which program to load, and iPXE which script. It answers
 * nothing else: no address, no lease, no operating system. Not for several threads at once.
 *
 * <p>iPXE takes no root path from a proxy, so its disk comes by a script.
 */
final class ProxyResponder implements Responder {
  /** IANA's port for it: clients ask there by unicast, once they have an address. */
  static final int PORT = 4011;

  private static final int SERVER_PORT = 67;
  private static final int CLIENT_PORT = 68;
  private static final Inet4Address EVERYBODY = AddressRange.address(0xFFFF_FFFFL);

  private final DhcpClients clients;
  private final DiscoverListener listener;
  private final BootPrograms programs;
  private final LongSupplier nanoTime;
  private final RateLimit rate;
  private final Bounded<String, ClientState> states = new Bounded<>(Limits.CLIENT_STATES);
  private final OnceLog once;
  private final ChainGuard chain;

  private static final class ClientState {
    final RateLimit rate;
    OptionalInt lastXid = OptionalInt.empty();

    ClientState(LongSupplier nanoTime) {
      rate = new RateLimit(Limits.CLIENT_BURST, Limits.CLIENT_ANSWERS_PER_SECOND, nanoTime);
    }
  }

  ProxyResponder(
      DhcpClients clients,
      DiscoverListener listener,
      BootPrograms programs,
      OnceLog once,
      LongSupplier nanoTime) {
    this.clients = clients;
    this.listener = listener;
    this.programs = programs;
    this.once = once;
    this.chain = new ChainGuard(nanoTime);
    this.nanoTime = nanoTime;
    this.rate = new RateLimit(Limits.ANSWER_BURST, Limits.ANSWERS_PER_SECOND, nanoTime);
  }

  @Override
  public Decision decide(DhcpPacket packet, DhcpSubnet arrival, Way way)
      throws MalformedDhcpException {
    Optional<MessageType> type = packet.reply() ? Optional.empty() : packet.messageType();
    MessageType served = way.port() == PORT ? MessageType.REQUEST : MessageType.DISCOVER;
    if (!type.equals(Optional.of(served))) {
      return new Silence("nothing for a proxy");
    }
    if (way.port() == PORT && !packet.ciaddr().equals(way.sender())) {
      return new Silence("comes from another address than it says");
    }
    BootStage stage = BootStage.of(packet.options());
    if (!stage.isBootFirmware()) {
      return new Silence("no boot firmware");
    }
    return switch (clients.recognise(MachineKeys.of(packet))) {
      case Known known -> known(packet, arrival, way, known.client());
      case Disputed disputed -> disputed(packet, disputed.reason());
      case Stranger ignored -> stranger(served, packet, arrival);
    };
  }

  private Decision known(DhcpPacket packet, DhcpSubnet arrival, Way way, DhcpClient client)
      throws MalformedDhcpException {
    ClientState state = states.computeIfAbsent(client.name(), name -> new ClientState(nanoTime));
    if (!state.rate.tryTake() || !rate.tryTake()) {
      return new Silence("too many packets");
    }
    if (way.port() != PORT && !state.lastXid.equals(OptionalInt.of(packet.xid()))) {
      state.lastXid = OptionalInt.of(packet.xid());
      BootStage stage = BootStage.of(packet.options());
      listener.discovered(client.name(), packet.xid(), stage);
      listener.described(client.name(), stage, packet);
    }
    return answer(packet, arrival, way, client);
  }

  private Decision stranger(MessageType served, DhcpPacket packet, DhcpSubnet arrival) {
    once.warn(
        "unknown machine "
            + packet.chaddr()
            + " asks on "
            + arrival.interfaceName()
            + " what to boot, and gets no answer: 'rootstock client add NAME --mac "
            + packet.chaddr()
            + " --image IMAGE' makes it known");
    if (served == MessageType.DISCOVER) {
      listener.stranger(packet, arrival);
    }
    return new Silence("unknown machine " + packet.chaddr());
  }

  private Decision disputed(DhcpPacket packet, String reason) {
    once.warn("machine " + packet.chaddr() + " gets no answer: " + reason);
    listener.disputed(packet, reason);
    return new Silence("two clients at once: " + reason);
  }

  private Decision answer(DhcpPacket packet, DhcpSubnet arrival, Way way, DhcpClient client)
      throws MalformedDhcpException {
    Inet4Address server = arrival.serverAddress();
    if (BootPrograms.needsAnotherIpxe(packet.options())
        && !chain.mayLoad(client.name(), packet.xid())) {
      once.warn(ChainGuard.warning(client.name()));
      return new Silence("its chain of programs does not end");
    }
    Optional<BootProgram> program = programs.next(packet.options(), client, server);
    if (program.isEmpty()) {
      once.warn(
          "client "
              + client.name()
              + " asks what to boot, and there is nothing for firmware of its kind: 'tftp' and"
              + " 'http' in the configuration say what is served");
      return new Silence("nothing to load for it");
    }
    if (way.port() == PORT) {
      return new Answer(
          BootReply.proxied(packet, MessageType.ACK, server, program.get()),
          packet.ciaddr(),
          way.senderPort());
    }
    return new Answer(
        BootReply.proxied(packet, MessageType.OFFER, server, program.get()),
        packet.isRelayed() ? packet.giaddr() : EVERYBODY,
        packet.isRelayed() ? SERVER_PORT : CLIENT_PORT);
  }
}
