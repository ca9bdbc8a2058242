// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import static dev.rootstock.boot.isns.IsnsResponderTest.HOME;
import static dev.rootstock.boot.isns.IsnsResponderTest.ME;
import static dev.rootstock.boot.isns.IsnsResponderTest.MINE;
import static dev.rootstock.boot.isns.IsnsResponderTest.name;
import static dev.rootstock.boot.isns.IsnsResponderTest.number;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.net.Capture;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What other people's decoder makes of the messages that we send, each in a datagram of its own.
 */
class IsnsTsharkIT {
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");
  private static final Inet4Address CLIENT = Inet4Address.ofLiteral("10.77.0.20");

  private long now = 1_800_000_000;
  private final FakeIsnsTargets targets = new FakeIsnsTargets().add(MINE, ME);
  private final IsnsDatabase database =
      new IsnsDatabase(IsnsResponderTest.SETTINGS, targets, () -> now);
  private final IsnsResponder responder = new IsnsResponder(database);
  private final Capture capture = new Capture();

  private void exchange(
      IsnsFunction function, List<IsnsAttribute> key, List<IsnsAttribute> operating) {
    IsnsMessage request = IsnsResponderTest.request(function, 0, ME, key, operating);
    capture.add(CLIENT, 40_000, SERVER, 3205, request.encode());
    capture.add(SERVER, 3205, CLIENT, 40_000, responder.answer(request, HOME).encode());
  }

  @Test
  void everyMessageDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    exchange(
        IsnsFunction.DEVICE_REGISTER,
        List.of(),
        IsnsResponderTest.join(
            List.of(IsnsResponderTest.entity("me"), number(Tag.ENTITY_PROTOCOL, 2)),
            IsnsResponderTest.portal(
                HOME,
                number(Tag.ESI_INTERVAL, 60),
                number(Tag.ESI_PORT, 0x10000 | 5555),
                number(Tag.SCN_PORT, 0x10000 | 4444)),
            IsnsResponderTest.node(ME)));
    exchange(
        IsnsFunction.DEVICE_QUERY,
        List.of(),
        Arrays.stream(Tag.values())
            .filter(tag -> tag != Tag.DELIMITER)
            .map(IsnsAttribute::empty)
            .toList());
    exchange(IsnsFunction.DEVICE_QUERY, List.of(name(MINE)), List.of());
    exchange(
        IsnsFunction.DEVICE_GET_NEXT,
        List.of(IsnsAttribute.empty(Tag.NODE_NAME)),
        List.of(IsnsAttribute.empty(Tag.NODE_TYPE)));
    exchange(
        IsnsFunction.SCN_REGISTER,
        List.of(name(ME)),
        List.of(number(Tag.NODE_SCN_BITMAP, Scn.ADDED | Scn.REMOVED)));
    exchange(IsnsFunction.DOMAIN_REGISTER, List.of(), List.of());
    IsnsWatch watch = new IsnsWatch(database);
    targets.remove(MINE);
    now += 60;
    List<IsnsWatch.Outgoing> unasked = watch.due();
    assertEquals(2, unasked.size());
    unasked.forEach(
        each -> capture.add(SERVER, 3205, CLIENT, each.port().number(), each.message().encode()));
    exchange(IsnsFunction.DEVICE_DEREGISTER, List.of(), List.of(name(ME)));

    List<List<String>> packets =
        capture.decode(
            folder,
            "_ws.malformed",
            "_ws.expert.message",
            "isns.functionid",
            "isns.errorcode",
            "isns.iscsi_name",
            "isns.dd.symbolic_name");

    assertEquals(capture.size(), packets.size());
    for (List<String> packet : packets) {
      assertEquals(List.of("", ""), packet.subList(0, 2), packet.toString());
      assertTrue(!packet.get(2).isEmpty(), packet.toString());
    }
    assertTrue(packets.get(3).get(4).contains(MINE), packets.get(3).toString());
    assertTrue(packets.get(3).get(5).contains("mine"), packets.get(3).toString());
  }
}
