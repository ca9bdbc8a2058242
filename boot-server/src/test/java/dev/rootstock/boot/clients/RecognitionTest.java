// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.Recognition.Found;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The one rule that says which client a machine is. */
class RecognitionTest {
  private static final MacAddress CARD_A = MacAddress.parse("52:54:00:77:00:0a");
  private static final MacAddress CARD_B = MacAddress.parse("52:54:00:77:00:0b");
  private static final MacAddress SEEN_C = MacAddress.parse("52:54:00:77:00:0c");
  private static final MacAddress NEW_CARD = MacAddress.parse("52:54:00:77:00:ff");
  private static final UUID UUID_A = UUID.fromString("4c4c4544-0042-3510-8052-b4c04f4d3232");
  private static final UUID UUID_C = UUID.fromString("11223344-5566-7788-99aa-bbccddeeff00");
  private static final UUID UUID_C_SWAPPED =
      UUID.fromString("44332211-6655-8877-99aa-bbccddeeff00");
  private static final UUID NEW_UUID = UUID.fromString("deadbeef-0000-1111-2222-333344445555");
  private static final InitiatorName NAME_B = new InitiatorName("iqn.2001-04.com.example:b");
  private static final InitiatorName NEW_NAME = new InitiatorName("iqn.2001-04.com.example:new");
  private static final RelayCircuit PORT_D = RelayCircuit.parse("relay=10.0.1.1,circuit=ge-0/0/1");
  private static final RelayCircuit MODEM_E = RelayCircuit.parse("relay=10.0.1.1,remote=modem-e");
  private static final RelayCircuit EXACTLY_F =
      RelayCircuit.parse("relay=10.0.1.1,circuit=ge-0/0/1,remote=modem-f");

  /** a: card and UUID; b: card and name; c: UUID, seen with a card; d, e, f: places. */
  private static final FakeKeys KEYS =
      new FakeKeys()
          .card(CARD_A, "a")
          .uuid(UUID_A, "a")
          .card(CARD_B, "b")
          .initiator(NAME_B, "b")
          .uuid(UUID_C, "c")
          .seen(SEEN_C, "c")
          .circuit(PORT_D, "d")
          .circuit(MODEM_E, "e")
          .circuit(EXACTLY_F, "f");

  static Stream<Arguments> machines() {
    MachineFacts none = MachineFacts.NONE;
    MachineFacts inPortD = none.withPlace(PORT_D);
    return Stream.of(
        Arguments.of("a card is enough", none.withCard(CARD_A), "a"),
        Arguments.of("a UUID is enough", none.withUuid(UUID_A), "a"),
        Arguments.of("an initiator name is enough", none.withInitiator(NAME_B), "b"),
        Arguments.of("a new card beside its UUID", none.withCard(NEW_CARD).withUuid(UUID_A), "a"),
        Arguments.of("a new UUID beside its card", none.withCard(CARD_A).withUuid(NEW_UUID), "a"),
        Arguments.of("two keys that agree", none.withCard(CARD_A).withUuid(UUID_A), "a"),
        Arguments.of("the UUID as its bytes stand in SMBIOS", none.withUuid(UUID_C_SWAPPED), "c"),
        Arguments.of("nothing is known of it", none.withCard(NEW_CARD).withUuid(NEW_UUID), "-"),
        Arguments.of("nothing at all is said", none, "-"),
        Arguments.of("a card that was seen", none.withCard(SEEN_C), "c"),
        Arguments.of(
            "that card, its UUID swapped", none.withCard(SEEN_C).withUuid(UUID_C_SWAPPED), "c"),
        Arguments.of("that card moved", none.withCard(SEEN_C).withUuid(NEW_UUID), "-"),
        Arguments.of("that card moved to a client", none.withCard(SEEN_C).withUuid(UUID_A), "a"),
        Arguments.of("a place", inPortD.withCard(NEW_CARD), "d"),
        Arguments.of("its key goes before a place", inPortD.withCard(CARD_A), "a"),
        Arguments.of("a seen card goes before a place", inPortD.withCard(SEEN_C), "c"),
        Arguments.of("a place that says more goes first", none.withPlace(EXACTLY_F), "f"),
        Arguments.of(
            "a circuit with a remote end that nobody has",
            none.withPlace(RelayCircuit.parse("relay=10.0.1.1,circuit=ge-0/0/1,remote=new")),
            "d"),
        Arguments.of(
            "a remote end on a circuit that nobody has",
            none.withPlace(RelayCircuit.parse("relay=10.0.1.1,circuit=new,remote=modem-e")),
            "e"),
        Arguments.of(
            "the same circuit of another agent",
            none.withPlace(RelayCircuit.parse("relay=10.0.2.1,circuit=ge-0/0/1")),
            "-"),
        Arguments.of("card and UUID of two clients", none.withCard(CARD_B).withUuid(UUID_A), "b a"),
        Arguments.of(
            "UUID and name of two clients", none.withUuid(UUID_A).withInitiator(NAME_B), "a b"),
        Arguments.of(
            "circuit and remote end of two clients",
            none.withPlace(RelayCircuit.parse("relay=10.0.1.1,circuit=ge-0/0/1,remote=modem-e")),
            "d e"));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("machines")
  void whichClientItIs(String what, MachineFacts facts, String expected) {
    String found =
        switch (Recognition.of(facts, KEYS)) {
          case Found.Known known -> known.client().client().name().value();
          case Found.Stranger ignored -> "-";
          case Found.Disputed disputed ->
              String.join(" ", disputed.clients().stream().map(ClientName::value).toList());
        };
    assertEquals(expected, found, what);
  }

  @Test
  void aDisputeSaysWhichFactIsWhose() {
    Found.Disputed disputed =
        assertInstanceOf(
            Found.Disputed.class,
            Recognition.of(MachineFacts.NONE.withCard(CARD_B).withUuid(UUID_A), KEYS));
    assertTrue(
        disputed.reason().contains("network card " + CARD_B + " is client 'b'"), disputed.reason());
    assertTrue(disputed.reason().contains("UUID " + UUID_A + " is client 'a'"), disputed.reason());
  }

  @Test
  void aSeenCardDoesNotCountBesideAnotherInitiatorName() {
    FakeKeys keys = new FakeKeys().initiator(NAME_B, "b").seen(SEEN_C, "b");
    assertInstanceOf(
        Found.Stranger.class,
        Recognition.of(MachineFacts.NONE.withCard(SEEN_C).withInitiator(NEW_NAME), keys));
  }

  @Test
  void aUuidOfZerosOrOnesIsNone() {
    FakeKeys keys = new FakeKeys().uuid(new UUID(0, 0), "a").uuid(new UUID(-1, -1), "a");
    for (UUID none : List.of(new UUID(0, 0), new UUID(-1, -1))) {
      assertInstanceOf(
          Found.Stranger.class, Recognition.of(MachineFacts.NONE.withUuid(none), keys));
    }
  }

  /** Keys of clients in memory. */
  private static final class FakeKeys implements Recognition.Keys {
    private final Map<String, Client> clients = new HashMap<>();
    private final Map<Object, String> owners = new HashMap<>();
    private final Map<MacAddress, String> seen = new HashMap<>();

    FakeKeys card(MacAddress card, String name) {
      return put(card, name, List.of(card), null, List.of());
    }

    FakeKeys uuid(UUID uuid, String name) {
      return put(MachineUuid.either(uuid), name, List.of(), uuid, List.of());
    }

    FakeKeys initiator(InitiatorName initiator, String name) {
      return put(initiator, name, List.of(), null, List.of(initiator));
    }

    FakeKeys circuit(RelayCircuit circuit, String name) {
      return put(circuit, name, List.of(), null, List.of());
    }

    FakeKeys seen(MacAddress card, String name) {
      seen.put(card, name);
      return this;
    }

    private FakeKeys put(
        Object key,
        String name,
        List<MacAddress> macs,
        @Nullable UUID uuid,
        List<InitiatorName> initiators) {
      owners.put(key, name);
      clients.merge(
          name,
          client(name, macs, uuid, initiators),
          (one, two) ->
              client(
                  name,
                  one.macs().isEmpty() ? two.macs() : one.macs(),
                  one.uuid() == null ? two.uuid() : one.uuid(),
                  one.initiators().isEmpty() ? two.initiators() : one.initiators()));
      return this;
    }

    private static Client client(
        String name, List<MacAddress> macs, @Nullable UUID uuid, List<InitiatorName> initiators) {
      return new Client(
          new ClientName(name),
          macs,
          uuid,
          initiators,
          ImageReference.parse("debian"),
          Mode.PERSISTENT,
          null,
          OptionalLong.empty());
    }

    private Optional<Registration> owner(Object key) {
      return Optional.ofNullable(owners.get(key)).map(clients::get).map(Registration::new);
    }

    @Override
    public Optional<Registration> byMac(MacAddress mac) {
      return owner(mac);
    }

    @Override
    public Optional<Registration> byUuid(UUID uuid) {
      return owner(MachineUuid.either(uuid));
    }

    @Override
    public Optional<Registration> byInitiator(InitiatorName initiator) {
      return owner(initiator);
    }

    @Override
    public Optional<Registration> bySeenCard(MacAddress mac) {
      return Optional.ofNullable(seen.get(mac)).map(clients::get).map(Registration::new);
    }

    @Override
    public Optional<Registration> byCircuit(RelayCircuit circuit) {
      return owner(circuit);
    }
  }
}
