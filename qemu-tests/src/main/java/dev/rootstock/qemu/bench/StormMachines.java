// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import dev.rootstock.boot.net.InterfaceSocket;
import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpCodec;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.MalformedDhcpException;
import dev.rootstock.dhcp.MessageType;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Many machines at one end of a link, as far as DHCP sees them: each is switched on at a moment of
 * its own, asks as its network card's ROM does, and then as iPXE does, and repeats what is not
 * answered when those would. All are on one thread and one socket; a machine is its hardware
 * address and its transaction.
 */
final class StormMachines extends SimpleChannelInboundHandler<DatagramPacket> {
  private static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");
  private static final InetSocketAddress EVERYBODY = new InetSocketAddress("255.255.255.255", 67);

  /** Between the ROM's last packet and iPXE's first: the program is loaded. */
  private static final long LOADING_MILLIS = 500;

  /** Who asks, and after how many seconds it first repeats itself; then each time twice as long. */
  enum Stage {
    /** A network card's ROM: 4, 8, 16 and 32 seconds (PXE 2.1 §2.2.2, and EDK II's driver). */
    FIRMWARE(4),
    /** iPXE: from one second on. */
    IPXE(1);

    private final long firstTrySeconds;

    Stage(long firstTrySeconds) {
      this.firstTrySeconds = firstTrySeconds;
    }
  }

  /** A switched-on machine in one of its stages. */
  private static final class Machine {
    private final int number;
    private final Stage stage;
    private final int xid;
    private MessageType says = MessageType.DISCOVER;
    private @Nullable DhcpPacket offer;
    private long begunAt;
    private int repeats;

    Machine(int number, Stage stage, int xid) {
      this.number = number;
      this.stage = stage;
      this.xid = xid;
    }
  }

  private final Map<Integer, Machine> asking = new HashMap<>();
  private final Map<Stage, List<Long>> offers = new EnumMap<>(Stage.class);
  private final Map<Stage, Integer> repeated = new EnumMap<>(Stage.class);
  private final Map<Stage, Integer> bound = new EnumMap<>(Stage.class);
  private final CountDownLatch done;
  private final Random random = new Random(2131);
  private int nextXid = 1;
  private @Nullable Channel channel;

  private StormMachines(int machines) {
    done = new CountDownLatch(machines);
  }

  /** A machine's hardware address. */
  static String mac(int number) {
    return "52:54:00:77:%02x:%02x".formatted(number >>> 8, number & 0xFF);
  }

  /**
   * Takes the interface, how many machines there are, the seconds in which they are switched on,
   * and how long to wait for the last of them.
   */
  public static void main(String[] arguments) throws Exception {
    int machines = Integer.parseInt(arguments[1]);
    StormMachines storm = new StormMachines(machines);
    IoEventLoopGroup loop = InterfaceSocket.newEventLoop("storm");
    try {
      Channel channel = InterfaceSocket.open(loop, "storm", arguments[0], ANY, 68, 2_048, storm);
      loop.submit(() -> storm.switchOn(channel, machines, Integer.parseInt(arguments[2]))).get();
      boolean all = storm.done.await(Integer.parseInt(arguments[3]), TimeUnit.SECONDS);
      loop.submit(storm::print).get();
      System.out.println(all ? "storm over" : "storm given up");
    } finally {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private void switchOn(Channel opened, int machines, int seconds) {
    channel = opened;
    for (int i = 0; i < machines; i++) {
      int number = i;
      long at = random.nextLong(TimeUnit.SECONDS.toMicros(seconds) + 1);
      var _ =
          opened
              .eventLoop()
              .schedule(() -> begin(number, Stage.FIRMWARE), at, TimeUnit.MICROSECONDS);
    }
  }

  private void begin(int number, Stage stage) {
    Machine machine = new Machine(number, stage, nextXid++);
    asking.put(machine.xid, machine);
    machine.begunAt = System.nanoTime();
    say(machine, stage.firstTrySeconds);
  }

  /** Says it, and once more after a time if nothing has changed by then. */
  private void say(Machine machine, long patience) {
    Channel open = channel;
    if (open == null) {
      return;
    }
    byte[] bytes = DhcpCodec.encode(packet(machine));
    var _ = open.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), EVERYBODY));
    MessageType said = machine.says;
    var _ =
        open.eventLoop()
            .schedule(
                () -> {
                  if (asking.get(machine.xid) == machine && machine.says == said) {
                    machine.repeats++;
                    say(machine, patience * 2);
                  }
                },
                patience,
                TimeUnit.SECONDS);
  }

  private static DhcpPacket packet(Machine machine) {
    DhcpOptions.Builder options = DhcpOptions.builder();
    options.put(DhcpOption.MESSAGE_TYPE, machine.says);
    options.put(DhcpOption.VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003010");
    options.put(DhcpOption.ARCHITECTURES, List.of(ClientArchitecture.UEFI_X64));
    if (machine.stage == Stage.IPXE) {
      options.put(DhcpOption.IPXE, IpxeOptions.switchedOn(0x11));
    }
    DhcpPacket offer = machine.offer;
    if (machine.says == MessageType.REQUEST && offer != null) {
      options.put(DhcpOption.REQUESTED_ADDRESS, offer.yiaddr());
      server(offer, options);
    }
    Inet4Address none = DhcpPacket.NO_ADDRESS;
    return new DhcpPacket(
        false,
        HardwareAddress.ethernet(mac(machine.number)),
        0,
        machine.xid,
        0,
        0,
        none,
        none,
        none,
        none,
        "",
        "",
        options.build());
  }

  private static void server(DhcpPacket offer, DhcpOptions.Builder options) {
    try {
      offer
          .options()
          .get(DhcpOption.SERVER_ID)
          .ifPresent(id -> options.put(DhcpOption.SERVER_ID, id));
    } catch (MalformedDhcpException e) {
      throw new IllegalStateException("an offer without a server that can be read", e);
    }
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket datagram)
      throws MalformedDhcpException {
    DhcpPacket reply = DhcpCodec.decode(ByteBufUtil.getBytes(datagram.content()));
    Machine machine = asking.get(reply.xid());
    if (machine == null
        || !reply.reply()
        || !reply.chaddr().equals(HardwareAddress.ethernet(mac(machine.number)))) {
      return;
    }
    MessageType type = reply.messageType().orElseThrow();
    if (type == MessageType.OFFER && machine.says == MessageType.DISCOVER) {
      offers
          .computeIfAbsent(machine.stage, _ -> new ArrayList<>())
          .add(System.nanoTime() - machine.begunAt);
      machine.offer = reply;
      machine.says = MessageType.REQUEST;
      say(machine, machine.stage.firstTrySeconds);
    } else if (type == MessageType.ACK && machine.says == MessageType.REQUEST) {
      asking.remove(machine.xid);
      bound.merge(machine.stage, 1, Integer::sum);
      repeated.merge(machine.stage, machine.repeats, Integer::sum);
      if (machine.stage == Stage.IPXE) {
        done.countDown();
      } else {
        var _ =
            ctx.executor()
                .schedule(
                    () -> begin(machine.number, Stage.IPXE), LOADING_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void print() {
    asking.values().forEach(each -> repeated.merge(each.stage, each.repeats, Integer::sum));
    for (Stage stage : Stage.values()) {
      long[] sorted =
          offers.getOrDefault(stage, List.of()).stream()
              .mapToLong(Long::longValue)
              .sorted()
              .toArray();
      System.out.printf(
          "storm %s offered %d bound %d repeated %d median-us %d p99-us %d max-us %d%n",
          stage.name().toLowerCase(Locale.ROOT),
          sorted.length,
          bound.getOrDefault(stage, 0),
          repeated.getOrDefault(stage, 0),
          at(sorted, 0.5),
          at(sorted, 0.99),
          at(sorted, 1));
    }
  }

  private static long at(long[] sorted, double part) {
    return sorted.length == 0
        ? 0
        : TimeUnit.NANOSECONDS.toMicros(sorted[(int) ((sorted.length - 1) * part)]);
  }
}
