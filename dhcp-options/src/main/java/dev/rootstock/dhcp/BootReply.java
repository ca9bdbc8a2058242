// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;

/**
 * What a boot reply holds: from a request and the facts about its client to the packet that goes
 * back. Pure; where the packet goes is for the server to say.
 *
 * <p>Boot firmware gets what makes it boot whether it asked or not. Others get, of the parameters
 * that can be left out, those that they ask for in option 55, and all of them where they send none.
 */
public final class BootReply {
  // What goes first when a reply is longer than its client takes. The rest of a reply is at most
  // what RFC 2131 makes every client take, unless a relay agent's option 82 is very long.
  private static final List<DhcpOption<?>> DISPENSABLE =
      List.of(
          DhcpOption.HOST_NAME,
          DhcpOption.NAME_SERVERS,
          DhcpOption.IPXE,
          DhcpOption.ROUTERS,
          DhcpOption.INITIATOR_NAME,
          DhcpOption.ROOT_PATH);

  /** What UEFI's HTTP boot has to find in option 60, by UEFI 2.10 §24.7.3.1. */
  private static final String HTTP_CLIENT = "HTTPClient";

  /** What PXE firmware has to find there from a proxy (PXE 2.1, table 2-4). */
  private static final String PXE_CLIENT = "PXEClient";

  private static final List<DhcpOption<?>> ECHOED =
      List.of(DhcpOption.CLIENT_ID, DhcpOption.SUBNET_SELECTION, DhcpOption.RELAY_AGENT);

  private BootReply() {}

  /** DHCPOFFER (RFC 2131 §4.3.1). */
  public static DhcpPacket offer(DhcpPacket request, BootFacts facts)
      throws MalformedDhcpException {
    DhcpPacket reply = answer(request, facts, MessageType.OFFER);
    return fitted(request, reply.withAddresses(DhcpPacket.NO_ADDRESS, facts.address()));
  }

  /** DHCPACK to a DHCPREQUEST (RFC 2131 §4.3.2). */
  public static DhcpPacket ack(DhcpPacket request, BootFacts facts) throws MalformedDhcpException {
    DhcpPacket reply = answer(request, facts, MessageType.ACK);
    return fitted(request, reply.withAddresses(request.ciaddr(), facts.address()));
  }

  /** DHCPACK to a DHCPINFORM (RFC 2131 §4.3.5): without a lease, and without an address. */
  public static DhcpPacket informed(DhcpPacket request, BootFacts facts)
      throws MalformedDhcpException {
    DhcpPacket reply = answer(request, facts, MessageType.ACK);
    return fitted(request, reply.withAddresses(request.ciaddr(), DhcpPacket.NO_ADDRESS));
  }

  /**
   * DHCPNAK (RFC 2131 §4.3.2).
   *
   * @param reason one line for the client's log
   */
  public static DhcpPacket nak(DhcpPacket request, Inet4Address serverId, String reason)
      throws MalformedDhcpException {
    DhcpOptions.Builder options =
        DhcpOptions.builder()
            .put(DhcpOption.MESSAGE_TYPE, MessageType.NAK)
            .put(DhcpOption.SERVER_ID, serverId(request, serverId))
            .put(DhcpOption.MESSAGE, reason);
    echo(request, options);
    // Through a relay agent the client may have no usable address: the relay is to broadcast.
    int flags = request.flags() | (request.isRelayed() ? DhcpPacket.BROADCAST_FLAG : 0);
    return reply(request, flags, options.build());
  }

  /**
   * What a proxyDHCP server answers, which gives no address (PXE 2.1 §2.2.3): a DHCPOFFER on port
   * 67, a DHCPACK on port 4011.
   *
   * @param type OFFER or ACK
   * @param server our own address, as the client reaches it
   */
  public static DhcpPacket proxied(
      DhcpPacket request, MessageType type, Inet4Address server, BootProgram program)
      throws MalformedDhcpException {
    boolean http = BootStage.isHttpBoot(request.options());
    DhcpOptions.Builder options =
        DhcpOptions.builder()
            .put(DhcpOption.MESSAGE_TYPE, type)
            .put(DhcpOption.SERVER_ID, server)
            .put(DhcpOption.VENDOR_CLASS, http ? HTTP_CLIENT : PXE_CLIENT);
    if (!http) {
      options.put(DhcpOption.VENDOR_OPTIONS, PxeOptions.answer(request.options()));
    }
    if (fieldOf(program).isEmpty() || http) {
      options.put(DhcpOption.BOOT_FILE, program.name());
    }
    echoMachineId(request, options);
    echo(request, options);
    return fitted(
        request,
        reply(request, request.flags(), options.build())
            .withAddresses(request.ciaddr(), DhcpPacket.NO_ADDRESS)
            .withNext(server, fieldOf(program)));
  }

  private static DhcpPacket answer(DhcpPacket request, BootFacts facts, MessageType type)
      throws MalformedDhcpException {
    BootStage stage = BootStage.of(request.options());
    Wishes wishes = Wishes.of(request.options());
    DhcpOptions.Builder options =
        DhcpOptions.builder()
            .put(DhcpOption.MESSAGE_TYPE, type)
            .put(DhcpOption.SERVER_ID, serverId(request, facts.serverId()));
    boolean inform = request.messageType().filter(MessageType.INFORM::equals).isPresent();
    if (!inform) { // RFC 2131 §4.3.5
      putLease(options, facts.leaseSeconds());
    }
    options.put(DhcpOption.SUBNET_MASK, facts.subnetMask());
    // A script of ours attaches the disk itself, and iPXE fails when it finds both.
    boolean scripted = stage == BootStage.IPXE && facts.program().isPresent();
    if (!scripted && (stage.isBootFirmware() || wishes.include(DhcpOption.ROOT_PATH))) {
      facts.rootPath().ifPresent(path -> options.put(DhcpOption.ROOT_PATH, path.toString()));
    }
    if (stage == BootStage.IPXE) {
      facts.initiatorName().ifPresent(name -> options.put(DhcpOption.INITIATOR_NAME, name.value()));
      if (!facts.ipxe().values().isEmpty()) {
        options.put(DhcpOption.IPXE, facts.ipxe());
      }
    }
    if (wishes.include(DhcpOption.ROUTERS)) {
      facts.router().ifPresent(router -> options.put(DhcpOption.ROUTERS, List.of(router)));
    }
    if (wishes.include(DhcpOption.NAME_SERVERS) && !facts.nameServers().isEmpty()) {
      options.put(DhcpOption.NAME_SERVERS, facts.nameServers());
    }
    if (wishes.include(DhcpOption.HOST_NAME)) {
      facts.hostName().ifPresent(name -> options.put(DhcpOption.HOST_NAME, name));
    }
    for (int code : facts.onWish().codes()) {
      if (wishes.include(code)) {
        facts.onWish().bytes(code).ifPresent(value -> options.put(code, value));
      }
    }
    if (stage == BootStage.FIRMWARE) {
      echoMachineId(request, options);
    }
    Optional<BootProgram> program = stage.isBootFirmware() ? facts.program() : Optional.empty();
    if (program.isPresent()) {
      putProgram(options, program.get(), request, facts, wishes);
    }
    echo(request, options);
    DhcpPacket reply = reply(request, request.flags(), options.build());
    return program.isPresent() ? reply.withNext(facts.serverId(), fieldOf(program.get())) : reply;
  }

  /** RFC 2131 §4.4.5: the usual times, told so that no client has to know them. */
  private static void putLease(DhcpOptions.Builder options, long seconds) {
    options.put(DhcpOption.LEASE_SECONDS, seconds);
    if (seconds != DhcpOption.INFINITE_LEASE) {
      options.put(DhcpOption.RENEWAL_SECONDS, seconds / 2);
      options.put(DhcpOption.REBINDING_SECONDS, seconds * 7 / 8);
    }
  }

  /** RFC 5107 §4: what a relay agent wants us to be called, so that renewals come through it. */
  private static Inet4Address serverId(DhcpPacket request, Inet4Address ours)
      throws MalformedDhcpException {
    Optional<RelayAgentInformation> relay =
        request.isRelayed() ? RelayAgentInformation.of(request.options()) : Optional.empty();
    return relay.isEmpty() ? ours : relay.get().serverIdOverride().orElse(ours);
  }

  private static void putProgram(
      DhcpOptions.Builder options,
      BootProgram program,
      DhcpPacket request,
      BootFacts facts,
      Wishes wishes)
      throws MalformedDhcpException {
    if (BootStage.isHttpBoot(request.options())) {
      options.put(DhcpOption.VENDOR_CLASS, HTTP_CLIENT);
    }
    if (!program.isUrl() && wishes.asks(DhcpOption.TFTP_SERVER)) {
      options.put(DhcpOption.TFTP_SERVER, facts.serverId().getHostAddress());
    }
    if (fieldOf(program).isEmpty() || wishes.asks(DhcpOption.BOOT_FILE)) {
      options.put(DhcpOption.BOOT_FILE, program.name());
    }
  }

  /** What the field {@code file} holds of it: all, or nothing where that is too long. */
  private static String fieldOf(BootProgram program) {
    return program.name().length() < Limits.BOOT_FILE_FIELD ? program.name() : "";
  }

  /** RFC 4578 §2.3: PXE servers say whom they mean. */
  private static void echoMachineId(DhcpPacket request, DhcpOptions.Builder reply) {
    request
        .options()
        .bytes(DhcpOption.MACHINE_ID.code())
        .ifPresent(id -> reply.put(DhcpOption.MACHINE_ID.code(), id));
  }

  /**
   * RFC 6842 §3 for option 61, RFC 3011 §2 for option 118; RFC 3046 §2.2 for option 82, which
   * stands last.
   */
  private static void echo(DhcpPacket request, DhcpOptions.Builder reply) {
    for (DhcpOption<?> option : ECHOED) {
      request.options().bytes(option.code()).ifPresent(value -> reply.put(option.code(), value));
    }
  }

  /** RFC 2131 §4.3.1, table 3, for the fixed fields. */
  private static DhcpPacket reply(DhcpPacket request, int flags, DhcpOptions options) {
    return new DhcpPacket(
        true,
        request.chaddr(),
        0,
        request.xid(),
        0,
        flags,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        DhcpPacket.NO_ADDRESS,
        request.giaddr(),
        "",
        "",
        options);
  }

  /** RFC 2132 §9.10: no more than the client takes, at the price of what it can do without. */
  private static DhcpPacket fitted(DhcpPacket request, DhcpPacket reply)
      throws MalformedDhcpException {
    int datagram =
        Math.max(
            Limits.SMALLEST_MESSAGE_LIMIT,
            request
                .options()
                .get(DhcpOption.MAX_MESSAGE_SIZE)
                .orElse(Limits.SMALLEST_MESSAGE_LIMIT));
    int room = Math.min(datagram, Limits.PACKET) - Limits.IP_AND_UDP_HEADERS;
    if (DhcpCodec.encodedLength(reply) <= room) {
      return reply;
    }
    // Into the fields file and sname, as far as they are free, before anything is left out.
    DhcpPacket fitted = OverloadedFields.allow(reply);
    for (DhcpOption<?> option : DISPENSABLE) {
      if (DhcpCodec.encodedLength(fitted) <= room) {
        break;
      }
      fitted = fitted.withOptions(fitted.options().without(option));
    }
    return fitted;
  }

  /** Option 55, or the wish for everything where a client sends none. */
  private record Wishes(boolean everything, List<Integer> codes) {
    static Wishes of(DhcpOptions options) throws MalformedDhcpException {
      return options
          .get(DhcpOption.PARAMETER_REQUEST_LIST)
          .map(codes -> new Wishes(false, codes))
          .orElse(new Wishes(true, List.of()));
    }

    boolean include(DhcpOption<?> option) {
      return include(option.code());
    }

    boolean include(int code) {
      return everything || codes.contains(code);
    }

    /** Whether it was named, and not just not left out. */
    boolean asks(DhcpOption<?> option) {
      return codes.contains(option.code());
    }
  }
}
