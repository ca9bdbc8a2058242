// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.config.Configuration.Unknown;
import dev.rootstock.boot.pending.PendingMachine;
import dev.rootstock.images.store.Progress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What {@code rootstock client} does about machines and not about disks: who waits, and waking. */
final class MachineOperations {
  /** The discard port, as most programs use it; a sleeping card looks at no port. */
  private static final int WAKE_PORT = 9;

  private static final int REPETITIONS = 16;

  private MachineOperations() {}

  static JsonNode pending(Workplace workplace, Arguments arguments, Progress progress)
      throws RefusedException {
    if (workplace.installation().configuration().unknown() instanceof Unknown.Ignore) {
      throw new RefusedException(
          "unknown machines are ignored: 'unknown-clients: { policy: pending }' lists them while"
              + " the server runs");
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode();
    ArrayNode machines = result.putArray("machines");
    for (PendingMachine each : workplace.pending().all()) {
      machines
          .addObject()
          .put("mac", each.mac().toString())
          .put("uuid", each.uuid().map(Object::toString).orElse(null))
          .put("kind", each.kind())
          .put("first", each.first().toString())
          .put("last", each.last().toString());
    }
    return result;
  }

  /** Adds a client of the card that waits; all else is as in {@code client add}. */
  static JsonNode approve(Workplace workplace, Arguments arguments, Progress progress)
      throws Exception {
    MacAddress mac = MacAddress.parse(arguments.required("machine"));
    if (workplace.pending().find(mac).isEmpty()) {
      throw new RefusedException(
          "no machine %s waits: 'rootstock client pending' lists those that do".formatted(mac));
    }
    JsonNode added = ClientOperations.add(workplace, arguments, progress);
    workplace.pending().forget(mac);
    return added;
  }

  static JsonNode wake(Workplace workplace, Arguments arguments, Progress progress)
      throws RefusedException, IOException {
    ClientName name = new ClientName(arguments.required("name"));
    List<MacAddress> cards =
        workplace
            .installation()
            .registry()
            .find(name)
            .orElseThrow(() -> Registry.unknown(name))
            .cards();
    if (cards.isEmpty()) {
      throw new RefusedException(
          "client '%s' has no network card to wake: only one with --mac, or seen with a card, can be woken"
              .formatted(name));
    }
    List<InetAddress> networks = broadcastAddresses();
    if (networks.isEmpty()) {
      throw new RefusedException(
          "no network interface of this machine can broadcast: nothing can be woken from here");
    }
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setBroadcast(true);
      for (MacAddress mac : cards) {
        byte[] packet = magicPacket(mac);
        for (InetAddress network : networks) {
          socket.send(new DatagramPacket(packet, packet.length, network, WAKE_PORT));
        }
      }
    }
    ObjectNode result = JsonNodeFactory.instance.objectNode().put("woken", name.value());
    ArrayNode through = result.putArray("through");
    networks.forEach(each -> through.add(each.getHostAddress()));
    return result;
  }

  /** Six bytes of ones, and then the address sixteen times. */
  static byte[] magicPacket(MacAddress mac) {
    ByteBuffer packet = ByteBuffer.allocate(MacAddress.BYTES * (1 + REPETITIONS));
    packet.putInt(-1).putShort((short) -1);
    for (int i = 0; i < REPETITIONS; i++) {
      packet.putShort((short) (mac.bits() >>> 32)).putInt((int) mac.bits());
    }
    return packet.array();
  }

  private static List<InetAddress> broadcastAddresses() throws IOException {
    List<InetAddress> addresses = new ArrayList<>();
    for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
      if (each.isUp() && !each.isLoopback()) {
        for (InterfaceAddress address : each.getInterfaceAddresses()) {
          if (address.getAddress() instanceof Inet4Address ours) {
            InetAddress broadcast = broadcast(ours, address.getNetworkPrefixLength());
            if (!addresses.contains(broadcast)) {
              addresses.add(broadcast);
            }
          }
        }
      }
    }
    return addresses;
  }

  /** Counted out: an interface that was not told its network's broadcast address says 0.0.0.0. */
  private static InetAddress broadcast(Inet4Address ours, int prefixLength) throws IOException {
    int hosts = (int) (0xFFFF_FFFFL >>> prefixLength);
    int last = ByteBuffer.wrap(ours.getAddress()).getInt() | hosts;
    return InetAddress.getByAddress(ByteBuffer.allocate(Integer.BYTES).putInt(last).array());
  }
}
