// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientKeys;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.MachineFacts;
import dev.rootstock.boot.clients.Recognition;
import dev.rootstock.boot.clients.Recognition.Found;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.RelayCircuit;
import dev.rootstock.boot.clients.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine that is known by its UUID is still known when its initramfs tells none. */
class SeenCardsTest {
  private static final UUID ALPHAS = UUID.fromString("11223344-5566-7788-99aa-bbccddeeff00");
  private static final UUID BETAS = UUID.fromString("aa223344-5566-7788-99aa-bbccddeeff00");
  private static final RelayCircuit PORT = RelayCircuit.parse("relay=10.88.0.254,circuit=eth7");
  private static final MacAddress CARD = card(1);
  private static final long HOUR = TimeUnit.HOURS.toNanos(1);

  @TempDir private Path data;
  private Registry registry;
  private SeenCards cards;
  private long now;

  @BeforeEach
  void addClients() throws Exception {
    registry = Registry.open(data);
    cards = new SeenCards(registry, () -> now);
    add("alpha", ClientKeys.NONE.withUuid(ALPHAS));
    add("beta", ClientKeys.NONE.withUuid(BETAS));
    add("gamma", ClientKeys.NONE.withCircuits(List.of(PORT)));
  }

  @AfterEach
  void close() throws Exception {
    registry.close();
  }

  private void add(String name, ClientKeys keys) throws Exception {
    Settings settings = Settings.NONE.withImage(ImageReference.parse("debian"));
    registry
        .add(new Client(new ClientName(name), keys, settings, null, null, List.of()))
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
  }

  private static MacAddress card(int last) {
    return new MacAddress(0x5254_0077_0000L + last);
  }

  private void seen(String client, MachineFacts facts) throws Exception {
    var _ =
        cards.seen(new ClientName(client), facts).toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private List<MacAddress> cardsOf(String client) {
    return registry.find(new ClientName(client)).orElseThrow().seenCards();
  }

  private Found withoutUuid(MacAddress card) {
    return Recognition.of(MachineFacts.NONE.withCard(card), registry);
  }

  @Test
  void theInitramfsOfAMachineKnownByUuidIsTheSameClient() throws Exception {
    seen("alpha", MachineFacts.NONE.withCard(CARD).withUuid(ALPHAS));
    Found.Known known = assertInstanceOf(Found.Known.class, withoutUuid(CARD));
    assertEquals("alpha", known.client().client().name().value());
  }

  @Test
  void itIsStillAfterARestart() throws Exception {
    seen("alpha", MachineFacts.NONE.withCard(CARD).withUuid(ALPHAS));
    registry.close();
    registry = Registry.open(data);
    assertInstanceOf(Found.Known.class, withoutUuid(CARD));
  }

  @Test
  void aCardThatHasMovedIsItsNewMachines() throws Exception {
    seen("alpha", MachineFacts.NONE.withCard(CARD).withUuid(ALPHAS));
    seen("beta", MachineFacts.NONE.withCard(CARD).withUuid(BETAS));
    assertEquals(List.of(), cardsOf("alpha"));
    assertEquals(List.of(CARD), cardsOf("beta"));
  }

  @Test
  void whatStandsAtAPlaceIsNotRemembered() throws Exception {
    seen("gamma", MachineFacts.NONE.withCard(CARD).withPlace(PORT));
    assertEquals(List.of(), cardsOf("gamma"));
  }

  @Test
  void aCardThatIsAKeyIsNobodyElses() throws Exception {
    add("delta", ClientKeys.NONE.withMacs(List.of(CARD)));
    seen("alpha", MachineFacts.NONE.withCard(CARD).withUuid(ALPHAS));
    assertEquals(List.of(), cardsOf("alpha"));
  }

  @Test
  void forgedPacketsBringFewCards() throws Exception {
    for (int i = 1; i <= Limits.SEEN_CARDS_BURST + 3; i++) {
      seen("alpha", MachineFacts.NONE.withCard(card(i)).withUuid(ALPHAS));
    }
    assertEquals(
        List.of(card(1), card(2), card(3), card(4)).subList(0, Limits.SEEN_CARDS_BURST),
        cardsOf("alpha"));
    now += HOUR;
    seen("alpha", MachineFacts.NONE.withCard(card(9)).withUuid(ALPHAS));
    assertEquals(List.of(card(2), card(3), card(4), card(9)), cardsOf("alpha"));
  }
}
