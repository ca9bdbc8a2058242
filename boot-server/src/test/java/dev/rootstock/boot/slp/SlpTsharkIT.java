// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.net.Capture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other people's decoder makes of the messages that we send, and of the golden ones. */
class SlpTsharkIT {

  @Test
  void everyAnswerDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    List<SlpTarget> targets =
        IntStream.range(0, 30)
            .mapToObj(i -> SlpResponderTest.target("iqn.2001-04.com.example:sn." + i))
            .toList();
    SlpResponder responder = SlpResponderTest.responder(false, FakeTargets.of(targets), () -> 0);
    List<byte[]> requests =
        List.of(
            SlpResponderTest.golden("unicast-request.bin"),
            SlpResponderTest.golden("query1-request.bin"),
            SlpResponderTest.golden("attribute-request.bin"),
            SlpResponderTest.golden("service-type-request.bin"),
            SlpResponderTest.golden("registration.bin"),
            new Rqst().scopes("elsewhere").bytes(),
            new Rqst().predicate("(iscsi-name=iqn.2001-04.com.example:sn.1)").bytes(),
            new Rqst().multicast().bytes());
    Capture capture = new Capture();
    for (byte[] request : requests) {
      byte[] reply =
          responder
              .answer(request, SlpResponderTest.CLIENT, true, SlpResponderTest.NETWORK)
              .orElseThrow();
      capture.add(
          SlpResponderTest.CLIENT, 40_000, SlpResponderTest.NETWORK.address(), 427, request);
      capture.add(SlpResponderTest.NETWORK.address(), 427, SlpResponderTest.CLIENT, 40_000, reply);
    }

    List<List<String>> packets =
        capture.decode(
            folder,
            "_ws.malformed",
            "_ws.expert.message",
            "srvloc.function",
            "srvloc.xid",
            "srvloc.langtag",
            "srvloc.errv2",
            "srvloc.url.url");

    assertEquals(capture.size(), packets.size());
    for (List<String> packet : packets) {
      assertEquals("", packet.get(0), packet.toString());
      // tshark remarks on every error that an agent answers; there is nothing else to remark on.
      boolean error = !packet.get(5).isEmpty() && !packet.get(5).equals("0");
      assertEquals(error, packet.get(1).startsWith("Error: "), packet.toString());
      assertTrue(error || packet.get(1).isEmpty(), packet.toString());
    }
    // Functions and error codes, request and answer by turns.
    assertEquals(
        List.of("1", "2", "1", "2", "6", "7", "9", "10", "3", "5", "1", "2", "1", "2", "1", "2"),
        packets.stream().map(packet -> packet.get(2)).toList());
    assertEquals(
        List.of("0", "0", "0", "0", "14", "4", "0", "0"),
        IntStream.range(0, requests.size()).mapToObj(i -> packets.get(2 * i + 1).get(5)).toList());
    assertEquals(
        "service:iscsi:target://192.0.2.3:3260/iqn.2001-04.com.example:sn.1",
        packets.get(13).get(6));
    assertEquals("en", packets.get(1).get(4));
  }

  /** A search for directory agents, a registration, and its end. */
  private static List<SlpMessage> toForeignDirectory() throws SlpException {
    long[] now = {0};
    SlpSettings settings =
        new SlpSettings(
            List.of(SlpResponderTest.NETWORK),
            List.of("DEFAULT"),
            false,
            Optional.empty(),
            true,
            List.of());
    FakeTargets targets =
        FakeTargets.of(List.of(SlpResponderTest.target("iqn.2001-04.com.example:sn.1")));
    ForeignDirectories agent =
        new ForeignDirectories(
            settings,
            new SlpResponder(settings, targets, SlpResponderTest.START, () -> now[0]).catalog(),
            () -> now[0],
            new Random(427));
    SlpMessage advert =
        new SlpMessage(
            0,
            0,
            "en",
            new DirectoryAdvert(
                0,
                7,
                DirectoryAdvert.SCHEME + SlpResponderTest.CLIENT.getHostAddress(),
                "DEFAULT",
                "",
                ""));
    agent.take(advert.encode(Limits.MESSAGE), SlpResponderTest.CLIENT, SlpResponderTest.NETWORK);
    now[0] = Limits.REGISTRATION_WAIT.plusSeconds(1).toNanos();
    List<SlpMessage> sent =
        new ArrayList<>(agent.due().stream().map(ForeignDirectories.Outgoing::message).toList());
    SlpMessage answer = new SlpMessage(0, sent.getLast().xid(), "en", new ServiceAcknowledgment(0));
    agent.take(answer.encode(Limits.MESSAGE), SlpResponderTest.CLIENT, SlpResponderTest.NETWORK);
    agent.farewell().forEach(each -> sent.add(each.message()));
    assertEquals(
        List.of(
            SlpFunction.SERVICE_REQUEST,
            SlpFunction.SERVICE_REGISTRATION,
            SlpFunction.SERVICE_DEREGISTER),
        sent.stream().map(each -> each.body().function()).toList());
    return sent;
  }

  /** The directory agent's messages and the rest of the agents'. */
  @Test
  void everyMessageThatThereIsDecodesWithoutAComplaint(@TempDir Path folder) throws Exception {
    Capture capture = new Capture();
    for (SlpBody body : SlpMessageTest.bodies()) {
      byte[] bytes = new SlpMessage(0, 7, "en", body).encode(Limits.MESSAGE);
      if (body.function() == SlpFunction.SERVICE_ACKNOWLEDGE || bytes[17] != 0) {
        continue; // tshark remarks on errors, as above
      }
      capture.add(SlpResponderTest.NETWORK.address(), 427, SlpResponderTest.CLIENT, 40_000, bytes);
    }
    SlpResponder directory = SlpResponderTest.responder(true, FakeTargets.of(List.of()), () -> 0);
    for (SlpMessage each : toForeignDirectory()) {
      capture.add(
          SlpResponderTest.NETWORK.address(),
          427,
          SlpResponderTest.CLIENT,
          427,
          each.encode(Limits.MESSAGE));
    }
    capture.add(
        SlpResponderTest.NETWORK.address(),
        427,
        SlpResponderTest.CLIENT,
        427,
        directory.unsolicitedAdvert(SlpResponderTest.NETWORK, false).orElseThrow());

    List<List<String>> packets =
        capture.decode(
            folder,
            "_ws.malformed",
            "_ws.expert.message",
            "srvloc.function",
            "srvloc.daadvert.url");

    assertEquals(capture.size(), packets.size());
    for (List<String> packet : packets) {
      assertEquals(List.of("", ""), packet.subList(0, 2), packet.toString());
    }
    assertEquals("8", packets.getLast().get(2));
    assertTrue(packets.getLast().get(3).contains("service:directory-agent://192.0.2.3"));
  }
}
