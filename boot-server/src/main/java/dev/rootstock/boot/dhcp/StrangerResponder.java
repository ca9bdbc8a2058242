// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.boot.dhcp.Decision.Answer;
import dev.rootstock.boot.dhcp.Decision.AnswerWhenBound;
import dev.rootstock.boot.dhcp.Decision.Silence;
import dev.rootstock.boot.net.Bounded;
import dev.rootstock.boot.net.OnceLog;
import dev.rootstock.boot.net.RateLimit;
import dev.rootstock.dhcp.BootFacts;
import dev.rootstock.dhcp.BootReply;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;

/**
 * Gives machines that are no clients an address for a while, and nothing to boot from. Not for
 * several threads at once.
 *
 * <p>Where it is switched on we are the network's DHCP server, so a wrong address is refused (RFC
 * 2131 §4.3.2). What a stranger can use up is bounded: offers are few and short, answers and
 * declines have rates, and an address that is a client's is never a stranger's.
 */
final class StrangerResponder {
  private final SubnetChoice choice;
  private final AddressPool pool;
  private final LeaseTable leases;
  private final LeaseWriter writer;
  private final long longest;
  private final LongSupplier seconds;
  private final LongSupplier nanoTime;
  private final OnceLog once;
  private final RateLimit rate;
  private final RateLimit declines;
  private final Bounded<String, RateLimit> rates = new Bounded<>(Limits.STRANGERS);

  /** One packet of a stranger, on a network of ours. */
  private record Question(DhcpPacket packet, DhcpSubnet subnet, String holder) {}

  /**
   * @param leases those that there are
   * @param longest the lease in seconds; a stranger may ask for a shorter one
   * @param seconds the time since 1970
   */
  StrangerResponder(
      SubnetChoice choice,
      AddressPool pool,
      LeaseTable leases,
      LeaseWriter writer,
      long longest,
      OnceLog once,
      LongSupplier nanoTime,
      LongSupplier seconds) {
    this.choice = choice;
    this.pool = pool;
    this.leases = leases;
    this.writer = writer;
    this.longest = longest;
    this.once = once;
    this.nanoTime = nanoTime;
    this.seconds = seconds;
    this.rate = new RateLimit(Limits.STRANGER_BURST, Limits.STRANGERS_PER_SECOND, nanoTime);
    this.declines = new RateLimit(Limits.DECLINE_BURST, Limits.DECLINES_PER_SECOND, nanoTime);
  }

  Decision decide(MessageType type, DhcpPacket packet, DhcpSubnet subnet)
      throws MalformedDhcpException {
    RateLimit own =
        rates.computeIfAbsent(
            packet.chaddr().text(),
            card -> new RateLimit(Limits.CLIENT_BURST, Limits.CLIENT_ANSWERS_PER_SECOND, nanoTime));
    if (!own.available() || !rate.available()) {
      return new Silence("too many packets of strangers");
    }
    Question question = new Question(packet, subnet, Lease.holder(packet, subnet));
    Decision decision =
        switch (type) {
          case DISCOVER -> discover(question);
          case REQUEST -> request(question);
          case DECLINE -> decline(question);
          case RELEASE -> release(question);
          case INFORM -> inform(question);
          case OFFER, ACK, NAK -> new Silence("a server's message");
        };
    return decision instanceof Silence || (own.tryTake() && rate.tryTake())
        ? decision
        : new Silence("too many packets of strangers");
  }

  /** RFC 2131 §4.3.1: the address it has, had, asks for, or one that is free. */
  private Decision discover(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    Optional<Inet4Address> address = known(question);
    if (address.isEmpty()) {
      address = packet.options().get(DhcpOption.REQUESTED_ADDRESS).filter(a -> free(a, question));
    }
    if (address.isEmpty() && leases.hasRoom()) {
      address = pool.unused(question.subnet());
    }
    if (address.isEmpty()) {
      once.warn(
          "no address is left in "
              + question.subnet().network()
              + " for machines that are no clients: widen 'range', or shorten 'lease', in 'dhcp'");
      return new Silence("no address is left");
    }
    boolean his =
        leases.of(question.holder()).filter(this::runs).map(Lease::address).equals(address);
    if (!his) {
      leases.offer(question.holder(), address.get());
    }
    Answer offer =
        ReplyPath.answer(packet, BootReply.offer(packet, facts(question, address.get())));
    CompletableFuture<?> clear =
        his
            ? CompletableFuture.completedFuture(null)
            : pool.clear(question.subnet(), address.get(), packet.chaddr());
    return clear.isDone() && !clear.isCompletedExceptionally()
        ? offer
        : new AnswerWhenBound(clear, offer);
  }

  /** What it has, had or was offered, as long as nobody else has it. */
  private Optional<Inet4Address> known(Question question) {
    return leases
        .of(question.holder())
        .map(Lease::address)
        .or(() -> leases.offeredTo(question.holder()))
        .filter(address -> free(address, question));
  }

  private boolean free(Inet4Address address, Question question) {
    return pool.isFor(address, question.subnet(), question.holder());
  }

  private boolean runs(Lease lease) {
    return lease.active(seconds.getAsLong());
  }

  /** RFC 2131 §4.3.2: which of the four states it is follows from three fields. */
  private Decision request(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    Optional<Inet4Address> chosen = packet.options().get(DhcpOption.SERVER_ID);
    if (chosen.isPresent() && !choice.isOurs(chosen.get(), packet)) {
      leases.withdraw(question.holder());
      return new Silence("the machine took another server's offer");
    }
    boolean uses = !packet.ciaddr().equals(DhcpPacket.NO_ADDRESS);
    Optional<Inet4Address> claimed =
        uses ? Optional.of(packet.ciaddr()) : packet.options().get(DhcpOption.REQUESTED_ADDRESS);
    if (claimed.isEmpty()) {
      return new Silence("a request for no address");
    }
    Inet4Address address = claimed.get();
    Optional<Inet4Address> offered = leases.offeredTo(question.holder());
    Optional<Inet4Address> leased = leases.of(question.holder()).map(Lease::address);
    boolean unknown = offered.isEmpty() && leased.isEmpty();
    boolean right = question.subnet().hasHost(address);
    if (chosen.isEmpty() && right && unknown && !leases.isHeld(address)) {
      // RFC 2131 §4.3.2: no record of it, so that another server may know better.
      return new Silence("no lease is recorded for the machine");
    }
    boolean his =
        offered.equals(claimed)
            || leased.equals(claimed)
            // Our offer of before a restart is forgotten, and still a promise.
            || (unknown && chosen.isPresent() && leases.hasRoom());
    if (!right || !his || !free(address, question)) {
      return refuse(question, address);
    }
    return bind(question, address);
  }

  private Decision refuse(Question question, Inet4Address address) throws MalformedDhcpException {
    leases.withdraw(question.holder());
    return ReplyPath.refusal(
        question.packet(),
        BootReply.nak(
            question.packet(),
            question.subnet().serverAddress(),
            address.getHostAddress() + " is not your address"));
  }

  /** The lease is durable before it is acknowledged. */
  private Decision bind(Question question, Inet4Address address) throws MalformedDhcpException {
    BootFacts facts = facts(question, address);
    Lease lease = new Lease(address, question.holder(), seconds.getAsLong() + facts.leaseSeconds());
    Answer ack = ReplyPath.answer(question.packet(), BootReply.ack(question.packet(), facts));
    leases.put(lease);
    return new AnswerWhenBound(writer.write(lease), ack);
  }

  /** RFC 2131 §4.3.3: only for what it has, and so often only, so that nobody drains the range. */
  private Decision decline(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    Optional<Inet4Address> server = packet.options().get(DhcpOption.SERVER_ID);
    Optional<Inet4Address> declined = packet.options().get(DhcpOption.REQUESTED_ADDRESS);
    Optional<Lease> lease = leases.of(question.holder()).filter(this::runs);
    if (server.isEmpty()
        || !choice.isOurs(server.get(), packet)
        || declined.isEmpty()
        || !lease.map(Lease::address).equals(declined)) {
      return new Silence("declines what it was not given");
    }
    end(lease.get());
    if (!declines.tryTake()) {
      return new Silence("too many declines: the lease ends, the address is not kept away");
    }
    pool.quarantine(declined.get());
    once.warn(
        "the machine "
            + packet.chaddr()
            + " found "
            + declined.get().getHostAddress()
            + " in use by another machine: nobody gets it for an hour");
    return new Silence("declined");
  }

  /** RFC 2131 §4.3.4; it finds its address again while nobody else needs it. */
  private Decision release(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    Optional<Inet4Address> server = packet.options().get(DhcpOption.SERVER_ID);
    Optional<Lease> lease =
        leases
            .of(question.holder())
            .filter(this::runs)
            .filter(each -> each.address().equals(packet.ciaddr()));
    if (server.isEmpty() || !choice.isOurs(server.get(), packet) || lease.isEmpty()) {
      return new Silence("releases what it was not given");
    }
    end(lease.get());
    return new Silence("released");
  }

  private void end(Lease lease) {
    Lease ended = new Lease(lease.address(), lease.holder(), seconds.getAsLong());
    leases.put(ended);
    // Nobody waits for it: where it is lost the lease just runs to its end.
    var _ = writer.write(ended);
  }

  /** RFC 2131 §4.3.5. */
  private Decision inform(Question question) throws MalformedDhcpException {
    DhcpPacket packet = question.packet();
    if (!question.subnet().hasHost(packet.ciaddr())) {
      return new Silence("asks for " + packet.ciaddr().getHostAddress() + ", of another network");
    }
    return ReplyPath.answer(packet, BootReply.informed(packet, facts(question, packet.ciaddr())));
  }

  /** Address and network, and nothing to boot from. */
  private BootFacts facts(Question question, Inet4Address address) throws MalformedDhcpException {
    DhcpSubnet subnet = question.subnet();
    long wished = question.packet().options().get(DhcpOption.LEASE_SECONDS).orElse(longest);
    return new BootFacts(
        address,
        subnet.subnetMask(),
        subnet.serverAddress(),
        subnet.router(),
        subnet.nameServers(),
        Optional.empty(),
        Math.clamp(wished, Math.min(Limits.SHORTEST_LEASE_SECONDS, longest), longest),
        Optional.empty(),
        Optional.empty(),
        IpxeOptions.switchedOn(),
        Optional.empty(),
        subnet.onWish());
  }
}
