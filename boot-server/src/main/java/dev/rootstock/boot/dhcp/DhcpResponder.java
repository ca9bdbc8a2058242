// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.dhcp.Recognised.Disputed;
import dev.rootstock.boot.dhcp.Recognised.Known;
import dev.rootstock.boot.dhcp.Recognised.Stranger;
import dev.rootstock.boot.net.Bounded;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.net.RateLimit;
import dev.rootstock.dhcp.BootFacts;
import dev.rootstock.dhcp.BootProgram;
import dev.rootstock.dhcp.BootReply;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.MessageType;
import dev.rootstock.dhcp.RootPath;
import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Decides what to answer: packet in, packet out, no sockets. Not for several threads at once.
 *
 * <p>How it decides, where RFC 2131 leaves it open:
 *
 * <ul>
 *   <li>A client is its machine ({@link DhcpClients#recognise}), never its client identifier.
 *       Firmware, iPXE and the initramfs of one machine send different ones or none, and must all
 *       get one address.
 *   <li>A known client keeps its address for ever; the lease is infinite, and a DHCPRELEASE changes
 *       nothing. The address is durable before it is offered, so that a restart in between cannot
 *       give it to another.
 *   <li>A DHCPDECLINE is as easily forged as any packet. A client that has booted keeps its address
 *       all the same: its disk is bound to it, and a move would lock the running machine out. One
 *       that never booted may be moved, {@link Limits#MOVES} an hour.
 *   <li>So is a DHCPDISCOVER with a client's card. While a machine of the client is at work at the
 *       address that it was given, one from another network gets no answer: it would take that
 *       address from the machine, and the CHAP secret with it. A machine that was carried there
 *       gets its new address once the sessions of the old place are dead.
 *   <li>Strangers get no answer at all, a DHCPNAK included: another server may know them. Unless it
 *       is switched on: then {@link StrangerResponder} answers them.
 *   <li>A PXE ROM without iPXE gets the program that {@link BootPrograms} has for it. Where there
 *       is none it still gets address and root path: beside a proxyDHCP server, which adds the
 *       file, it boots; alone it says at once that it has no boot file, instead of waiting for an
 *       offer.
 * </ul>
 */
final class DhcpResponder implements Responder {
  private final SubnetChoice choice;
  private final DhcpClients clients;
  private final DiscoverListener listener;
  private final BootPrograms programs;
  private final Optional<StrangerResponder> strangers;
  private final boolean pathsBySubnet;
  private final LongSupplier nanoTime;
  private final AddressPool pool;
  private final RateLimit rate;
  private final Bounded<String, ClientState> states = new Bounded<>(Limits.CLIENT_STATES);
  private final OnceLog once;
  private final ChainGuard chain;

  /** What is kept of a client between its packets. */
  private static final class ClientState {
    final RateLimit rate;
    final RateLimit moves;
    OptionalInt lastXid = OptionalInt.empty();

    ClientState(LongSupplier nanoTime) {
      rate = new RateLimit(Limits.CLIENT_BURST, Limits.CLIENT_ANSWERS_PER_SECOND, nanoTime);
      moves = new RateLimit(Limits.MOVES, Limits.MOVES_PER_SECOND, nanoTime);
    }
  }

  /** One packet of a known client, on a subnet of ours. */
  private record Question(DhcpPacket packet, DhcpSubnet subnet, DhcpClient client) {}

  /** One that answers known clients only, and looks nowhere before it offers an address. */
  DhcpResponder(
      List<DhcpSubnet> subnets,
      DhcpClients clients,
      DiscoverListener listener,
      BootPrograms programs,
      OnceLog once,
      LongSupplier nanoTime) {
    this(
        new SubnetChoice(subnets),
        clients,
        listener,
        programs,
        new AddressPool(
            clients,
            new LeaseTable(() -> 0),
            new ConflictCheck(AddressProbe.NONE, nanoTime),
            nanoTime),
        Optional.empty(),
        false,
        once,
        nanoTime);
  }

  /**
   * @param strangers what answers machines that are no clients; empty for silence
   * @param pathsBySubnet whether a root path names our address on the client's own network, and not
   *     the one that all clients are told
   */
  DhcpResponder(
      SubnetChoice choice,
      DhcpClients clients,
      DiscoverListener listener,
      BootPrograms programs,
      AddressPool pool,
      Optional<StrangerResponder> strangers,
      boolean pathsBySubnet,
      OnceLog once,
      LongSupplier nanoTime) {
    this.choice = choice;
    this.clients = clients;
    this.listener = listener;
    this.programs = programs;
    this.strangers = strangers;
    this.pathsBySubnet = pathsBySubnet;
    this.nanoTime = nanoTime;
    this.pool = pool;
    this.rate = new RateLimit(Limits.ANSWER_BURST, Limits.ANSWERS_PER_SECOND, nanoTime);
    this.once = once;
    this.chain = new ChainGuard(nanoTime);
  }

  @Override
  public Decision decide(DhcpPacket packet, DhcpSubnet arrival, Way way)
      throws MalformedDhcpException {
    return decide(packet, arrival);
  }

  /** Decides about one packet, however it came to us. */
  Decision decide(DhcpPacket packet, DhcpSubnet arrival) throws MalformedDhcpException {
    if (packet.reply()) {
      return new Silence("a server's reply");
    }
    Optional<MessageType> type = packet.messageType();
    if (type.isEmpty()) {
      return new Silence("BOOTP, without a message type");
    }
    Optional<DhcpSubnet> subnet = choice.of(packet, arrival);
    if (subnet.isEmpty()) {
      once.warn(
          "a packet by "
              + (packet.isRelayed()
                  ? "the relay agent " + packet.giaddr().getHostAddress()
                  : arrival.interfaceName())
              + " asks from "
              + SubnetChoice.named(packet).map(Inet4Address::getHostAddress).orElse("nowhere")
              + ", which is on no network that is served: its clients get no answer; 'dhcp.subnets'"
              + " in the configuration lists the networks");
      return new Silence("unknown relay agent");
    }
    pool.sweep().forEach(once::warn); // those clients get a NAK, and then another address
    return switch (clients.recognise(MachineKeys.of(packet))) {
      case Known known ->
          decide(type.get(), new Question(packet, subnet.get(), told(packet, known.client())));
      case Disputed disputed -> disputed(packet, disputed.reason());
      case Stranger _ -> stranger(type.get(), packet, subnet.get(), arrival);
    };
  }

  private Decision stranger(
      MessageType type, DhcpPacket packet, DhcpSubnet subnet, DhcpSubnet arrival)
      throws MalformedDhcpException {
    if (type == MessageType.DISCOVER && listener.stranger(packet, subnet)) {
      return new Silence("a machine that is becoming a client, and asks again");
    }
    if (strangers.isPresent()) {
      return strangers.get().decide(type, packet, subnet);
    }
    once.warn(
        "unknown machine "
            + packet.chaddr()
            + " asks on "
            + arrival.interfaceName()
            + " and gets no answer: 'rootstock client add NAME --mac "
            + packet.chaddr()
            + " --image IMAGE' makes it known");
    return new Silence("unknown machine " + packet.chaddr());
  }

  /**
   * The client, without its secrets where the answer leaves our networks: with a link selection
   * (RFC 3527) or option 118 (RFC 3011) giaddr may be any address, that of a stranger far away too.
   */
  private DhcpClient told(DhcpPacket packet, DhcpClient client) {
    if (!packet.isRelayed()
        || choice.isServed(packet.giaddr())
        || client.ipxe().equals(client.ipxe().withoutSecrets())) {
      return client;
    }
    once.warn(
        "client "
            + client.name()
            + " is told no CHAP secret through the relay agent "
            + packet.giaddr().getHostAddress()
            + ", which is on no network that is served: 'dhcp.subnets' in the configuration lists"
            + " the networks");
    return client.withoutSecrets();
  }

  private Decision disputed(DhcpPacket packet, String reason) {
    once.warn("machine " + packet.chaddr() + " gets no answer: " + reason);
    listener.disputed(packet, reason);
    return new Silence("two clients at once: " + reason);
  }

  private Decision decide(MessageType type, Question question) throws MalformedDhcpException {
    ClientState state =
        states.computeIfAbsent(question.client().name(), name -> new ClientState(nanoTime));
    if (!state.rate.available() || !rate.available()) {
      return new Silence("too many packets");
    }
    Decision decision = decide(type, question, state);
    // Only an answer counts, so that packets which get none cannot use up the client's answers.
    return decision instanceof Silence || (state.rate.tryTake() && rate.tryTake())
        ? decision
        : new Silence("too many packets");
  }

  private Decision decide(MessageType type, Question question, ClientState state)
      throws MalformedDhcpException {
    if ((type == MessageType.DISCOVER || type == MessageType.REQUEST) && isElsewhere(question)) {
      return new Silence("a machine of the client is at work on another network");
    }
    return switch (type) {
      case DISCOVER -> discover(question, state);
      case REQUEST -> request(question);
      case DECLINE -> decline(question, state);
      case RELEASE -> new Silence("a known client keeps its address");
      case INFORM -> inform(question);
      case OFFER, ACK, NAK -> new Silence("a server's message");
    };
  }

  /** Whether the client's address is of another network, and a machine is at work there. */
  private boolean isElsewhere(Question question) {
    DhcpClient client = question.client();
    if (client.configuredAddress().isPresent()) {
      return false; // which is never moved
    }
    Optional<Inet4Address> home =
        client
            .rememberedAddress()
            .filter(address -> !question.subnet().hasHost(address))
            .filter(address -> listener.isAtWork(client.name(), address));
    home.ifPresent(
        address ->
            once.warn(
                "client "
                    + client.name()
                    + " is at work at "
                    + address.getHostAddress()
                    + ", and a machine with its card on "
                    + question.subnet().network()
                    + " gets no answer: it waits until the sessions from there are over, or 'rootstock"
                    + " client boot "
                    + client.name()
                    + " --force' ends them"));
    return home.isPresent();
  }

  private Decision discover(Question question, ClientState state) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    BootStage stage = BootStage.of(packet.options());
    if (stage.isBootFirmware() && !state.lastXid.equals(OptionalInt.of(packet.xid()))) {
      state.lastXid = OptionalInt.of(packet.xid());
      listener.discovered(question.client().name(), packet.xid(), stage);
      listener.described(question.client().name(), stage, packet);
    }
    if (stage == BootStage.FIRMWARE && program(question).isEmpty()) {
      once.warn(
          "client "
              + question.client().name()
              + " starts from a PXE ROM without iPXE, which needs a boot file, and none is served"
              + (question.client().secureBoot() ? " that is signed for Secure Boot" : "")
              + " for it: switch TFTP on in the configuration ('tftp: { enabled: true }'), boot it"
              + " from iPXE (a ROM, a USB stick), or run a proxyDHCP server beside");
    }
    Optional<Inet4Address> address = addressOf(question);
    if (address.isPresent()) {
      return ReplyPath.answer(packet, BootReply.offer(packet, facts(question, address.get())));
    }
    if (question.client().configuredAddress().isPresent()) {
      return new Silence("the configured address cannot be used here");
    }
    Optional<AddressPool.Binding> binding = pool.bind(question.client(), question.subnet(), packet);
    if (binding.isEmpty()) {
      once.warn(
          "no address is left on "
              + question.subnet().interfaceName()
              + " for client "
              + question.client().name()
              + ": widen dhcp.range, or give it one with --address");
      return new Silence("no address is left");
    }
    Answer offer =
        ReplyPath.answer(packet, BootReply.offer(packet, facts(question, binding.get().address())));
    // The offer waits for no disk, the acknowledgement does: firmware asks again within a second.
    CompletableFuture<?> clear = binding.get().clear();
    return clear.isDone() && !clear.isCompletedExceptionally()
        ? offer
        : new AnswerWhenBound(clear, offer);
  }

  /** The address that the client has on this subnet, and may use. */
  private Optional<Inet4Address> addressOf(Question question) {
    DhcpClient client = question.client();
    if (client.configuredAddress().isPresent()) {
      Inet4Address address = client.configuredAddress().get();
      if (question.subnet().isReserved(address)) {
        once.warn(
            "client "
                + client.name()
                + " has the address "
                + address.getHostAddress()
                + ", which is the server's or the router's: it gets no answer");
        return Optional.empty();
      }
      if (question.subnet().hasHost(address)) {
        return client.configuredAddress();
      }
      once.warn(
          "client "
              + client.name()
              + " has the address "
              + address.getHostAddress()
              + ", which is not in "
              + question.subnet().network()
              + ", where it asks from: it gets no answer");
      return Optional.empty();
    }
    if (pool.pending(client.name()).isPresent()) {
      return Optional.empty();
    }
    return client
        .rememberedAddress()
        .filter(question.subnet()::hasHost)
        .filter(address -> !question.subnet().isReserved(address))
        .filter(address -> client.booted() || !pool.isQuarantined(address));
  }

  /** RFC 2131 §4.3.2: which of the four states it is follows from three fields. */
  private Decision request(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    Optional<Inet4Address> chosen = packet.options().get(DhcpOption.SERVER_ID);
    Optional<Inet4Address> requested = packet.options().get(DhcpOption.REQUESTED_ADDRESS);
    if (chosen.isPresent() && !choice.isOurs(chosen.get(), packet)) {
      return new Silence("the client took another server's offer");
    }
    Optional<Inet4Address> claimed =
        packet.ciaddr().equals(DhcpPacket.NO_ADDRESS) ? requested : Optional.of(packet.ciaddr());
    if (claimed.isEmpty()) {
      return new Silence("a request for no address");
    }
    Optional<Inet4Address> address = addressOf(question);
    if (address.equals(claimed)) {
      return ReplyPath.answer(packet, BootReply.ack(packet, facts(question, address.get())));
    }
    Optional<AddressPool.Binding> offered =
        onItsWay(question).filter(binding -> binding.address().equals(claimed.get()));
    if (address.isEmpty() && offered.isPresent()) {
      DhcpPacket ack = BootReply.ack(packet, facts(question, claimed.get()));
      return new AnswerWhenBound(offered.get().durable(), ReplyPath.answer(packet, ack));
    }
    if (address.isEmpty() && chosen.isEmpty() && question.subnet().hasHost(claimed.get())) {
      // RFC 2131 §4.3.2: no record, and the right network: another server may have one.
      return new Silence("no address is recorded for the client");
    }
    DhcpPacket nak =
        BootReply.nak(
            packet,
            question.subnet().serverAddress(),
            claimed.get().getHostAddress() + " is not your address");
    return ReplyPath.refusal(packet, nak);
  }

  /** What the client was offered and is not durable yet. */
  private Optional<AddressPool.Binding> onItsWay(Question question) {
    return question.client().configuredAddress().isPresent()
        ? Optional.empty()
        : pool.pending(question.client().name());
  }

  /**
   * RFC 2131 §4.3.3. Only for the address that the client has, only before its first boot and now
   * and then, so that nobody drains the range or moves a machine off the address of its disk.
   */
  private Decision decline(Question question, ClientState state) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    Optional<Inet4Address> server = packet.options().get(DhcpOption.SERVER_ID);
    Optional<Inet4Address> declined = packet.options().get(DhcpOption.REQUESTED_ADDRESS);
    Optional<Inet4Address> address = addressOf(question);
    if (server.isEmpty()
        || !choice.isOurs(server.get(), packet)
        || declined.isEmpty()
        || !declined.equals(address)) {
      return new Silence("declines what it was not given");
    }
    boolean stays = question.client().configuredAddress().isPresent() || question.client().booted();
    if (!stays && !state.moves.tryTake()) {
      return new Silence("was moved to another address not long ago");
    }
    if (!stays) {
      pool.quarantine(declined.get());
    }
    once.warn(
        "client "
            + question.client().name()
            + " found its address "
            + declined.get().getHostAddress()
            + " in use by another machine: "
            + (stays
                ? "it stays, being configured or the one of its boots; find the other machine"
                : "nobody gets it for an hour, and the client gets another"));
    return new Silence("declined");
  }

  /** RFC 2131 §4.3.5. */
  private Decision inform(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    if (!question.subnet().hasHost(packet.ciaddr())) {
      return new Silence("asks for " + packet.ciaddr().getHostAddress() + ", of another network");
    }
    // Anybody can write the client's card and an address of his own: that one is told no secret.
    Question told =
        question.client().hasAddress(packet.ciaddr())
            ? question
            : new Question(packet, question.subnet(), question.client().withoutSecrets());
    DhcpPacket ack = BootReply.informed(packet, facts(told, packet.ciaddr()));
    return ReplyPath.answer(packet, ack);
  }

  private Optional<BootProgram> program(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    if (BootPrograms.needsAnotherIpxe(packet.options())
        && !chain.mayLoad(question.client().name(), packet.xid())) {
      once.warn(ChainGuard.warning(question.client().name()));
      return Optional.empty();
    }
    return programs.next(
        question.packet().options(), question.client(), question.subnet().serverAddress());
  }

  private Optional<RootPath> rootPath(DhcpClient client, DhcpSubnet subnet) {
    if (!pathsBySubnet || client.rootPath().isEmpty()) {
      return client.rootPath();
    }
    try {
      return Optional.of(client.rootPath().get().at(subnet.serverAddress()));
    } catch (IllegalArgumentException e) {
      once.warn("client " + client.name() + " gets no root path: " + e.getMessage());
      return Optional.empty();
    }
  }

  private BootFacts facts(Question question, Inet4Address address) throws MalformedDhcpException {
    DhcpClient client = question.client();
    DhcpSubnet subnet = question.subnet();
    return new BootFacts(
        address,
        subnet.subnetMask(),
        subnet.serverAddress(),
        subnet.router(),
        subnet.nameServers(),
        Optional.of(client.name()),
        DhcpOption.INFINITE_LEASE,
        rootPath(client, subnet),
        client.initiatorName(),
        client.ipxe(),
        program(question),
        onWish(question));
  }

  /** The network's, and an address with a token for whoever asks for it by name. */
  private DhcpOptions onWish(Question question) throws MalformedDhcpException {
    boolean asked =
        question
            .packet()
            .options()
            .get(DhcpOption.PARAMETER_REQUEST_LIST)
            .map(codes -> codes.contains(DhcpOption.READY_URL.code()))
            .orElse(false);
    return asked
        ? listener
            .systemReadyUrl(question.client().name())
            .map(url -> question.subnet().onWish().with(DhcpOption.READY_URL, url))
            .orElse(question.subnet().onWish())
        : question.subnet().onWish();
  }
}
