// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.pending;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientKeys;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.Group;
import dev.rootstock.boot.clients.GroupName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.NamePattern;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Settings;
import dev.rootstock.boot.config.EnrolRule;
import dev.rootstock.boot.config.EnrolRule.CardPrefix;
import dev.rootstock.boot.config.EnrolRule.Network;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unknown machines become clients as far as the rule lets them, and no further. */
class EnrolmentTest {
  private static final Inet4Address LINK = Inet4Address.ofLiteral("10.77.0.1");
  private static final Inet4Address RELAY = Inet4Address.ofLiteral("10.88.0.254");
  private static final Network HERE = new Network(Inet4Address.ofLiteral("10.77.0.0"), 24);
  private static final int MANY = 1_000;

  @TempDir private Path data;
  private Registry registry;
  private long now;

  @BeforeEach
  void open() throws Exception {
    registry = Registry.open(data);
  }

  @AfterEach
  void close() throws Exception {
    registry.close();
  }

  private static EnrolRule rule(
      String names,
      int limit,
      int rate,
      List<Network> subnets,
      List<Inet4Address> relays,
      List<CardPrefix> cards) {
    return new EnrolRule(
        ImageReference.parse("debian"),
        null,
        Mode.EPHEMERAL,
        new NamePattern(names),
        limit,
        rate,
        60,
        subnets,
        relays,
        cards);
  }

  private static EnrolRule everybodyHere(String names, int limit, int rate) {
    return rule(names, limit, rate, List.of(HERE), List.of(), List.of());
  }

  private Enrolment enrolment(EnrolRule rule) {
    return new Enrolment(rule, registry, client -> {}, () -> now);
  }

  private static Enrolment.Machine machine(int number) {
    return new Enrolment.Machine(card(number), Optional.empty(), LINK, Optional.empty());
  }

  private static MacAddress card(int number) {
    return new MacAddress(0x5254_0077_0000L + number);
  }

  private static Optional<Registration> ended(CompletionStage<Optional<Registration>> stage)
      throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  @Test
  void aMachineBecomesAClientThatIsKnownByItsCard() throws Exception {
    Registration added =
        ended(enrolment(everybodyHere("lab-{mac}", 10, 10)).asked(machine(1))).orElseThrow();
    assertEquals("lab-525400770001", added.client().name().value());
    assertEquals(List.of(card(1)), added.client().macs());
    assertEquals("debian", added.client().image().toString());
    assertEquals(Mode.EPHEMERAL, added.client().mode());
    assertEquals(Optional.of(added), registry.byMac(card(1)));
    assertTrue(added.enrolled());
  }

  @Test
  void itsGroupsSettingsAreItsOwn() throws Exception {
    Group lab =
        new Group(
            new GroupName("lab"),
            Settings.NONE.withImage(ImageReference.parse("windows")).withMode(Mode.READ_ONLY));
    registry.add(lab).toCompletableFuture().get(30, TimeUnit.SECONDS);
    EnrolRule rule =
        new EnrolRule(
            null,
            lab.name(),
            null,
            NamePattern.BY_MAC,
            10,
            10,
            60,
            List.of(HERE),
            List.of(),
            List.of());
    Client client = ended(enrolment(rule).asked(machine(1))).orElseThrow().client();
    assertEquals("windows", client.image().toString());
    assertEquals(Mode.READ_ONLY, client.mode());
  }

  @Test
  void aFloodMakesNoMoreClientsThanTheLimit() throws Exception {
    Enrolment enrolment = enrolment(everybodyHere("{mac}", 5, MANY));
    List<CompletionStage<Optional<Registration>>> asked = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      asked.add(enrolment.asked(machine(i)));
    }
    for (CompletionStage<Optional<Registration>> each : asked) {
      ended(each);
    }
    assertTrue(registry.size() <= 5, "there are " + registry.size());
    for (int i = 101; i <= 110; i++) {
      ended(enrolment.asked(machine(i)));
    }
    assertEquals(5, registry.size());
    assertEquals(5, registry.enrolled());
  }

  @Test
  void theLimitHoldsOverARestart() throws Exception {
    ended(enrolment(everybodyHere("{mac}", 1, MANY)).asked(machine(1)));
    registry.close();
    registry = Registry.open(data);
    assertEquals(
        Optional.empty(), ended(enrolment(everybodyHere("{mac}", 1, MANY)).asked(machine(2))));
  }

  @Test
  void aClientThatIsRemovedMakesRoom() throws Exception {
    Enrolment enrolment = enrolment(everybodyHere("{mac}", 1, MANY));
    ended(enrolment.asked(machine(1)));
    registry.remove(new ClientName("525400770001")).toCompletableFuture().get(30, TimeUnit.SECONDS);
    assertTrue(ended(enrolment.asked(machine(2))).isPresent());
  }

  @Test
  void clientsThatWereAddedByHandDoNotCount() throws Exception {
    registry
        .add(
            new Client(
                new ClientName("alpha"),
                ClientKeys.NONE,
                Settings.NONE.withImage(ImageReference.parse("debian")),
                null,
                null,
                List.of()))
        .toCompletableFuture()
        .get(30, TimeUnit.SECONDS);
    assertTrue(ended(enrolment(everybodyHere("{mac}", 1, MANY)).asked(machine(1))).isPresent());
  }

  @Test
  void machinesComeNoFasterThanTheRate() throws Exception {
    Enrolment enrolment = enrolment(everybodyHere("{mac}", 100, 2));
    for (int i = 1; i <= 4; i++) {
      ended(enrolment.asked(machine(i)));
    }
    assertEquals(2, registry.enrolled());
    now += TimeUnit.SECONDS.toNanos(30);
    ended(enrolment.asked(machine(5)));
    ended(enrolment.asked(machine(6)));
    assertEquals(3, registry.enrolled());
  }

  @Test
  void whatTheRuleDoesNotTakeUsesUpNothing() throws Exception {
    EnrolRule rule =
        rule("{mac}", 1, 1, List.of(), List.of(), List.of(new CardPrefix(0x525401, 3)));
    Enrolment enrolment = enrolment(rule);
    ended(enrolment.asked(machine(1)));
    MacAddress right = MacAddress.parse("52:54:01:00:00:01");
    assertTrue(
        ended(
                enrolment.asked(
                    new Enrolment.Machine(right, Optional.empty(), LINK, Optional.empty())))
            .isPresent());
  }

  @Test
  void aSubnetARelayAndACardsBeginningAllHaveToBeRight() {
    EnrolRule rule =
        rule(
            "{mac}",
            1,
            1,
            List.of(new Network(RELAY, 24)),
            List.of(RELAY),
            List.of(new CardPrefix(0x5254, 2)));
    Optional<Inet4Address> through = Optional.of(RELAY);
    assertEquals(Optional.empty(), rule.refusal(card(1), RELAY, through));
    assertTrue(rule.refusal(card(1), LINK, through).orElse("").contains("subnets"));
    assertTrue(rule.refusal(card(1), RELAY, Optional.empty()).orElse("").contains("relay"));
    assertTrue(rule.refusal(card(1), RELAY, Optional.of(LINK)).orElse("").contains("relay"));
    MacAddress other = MacAddress.parse("00:11:22:33:44:55");
    assertTrue(rule.refusal(other, RELAY, through).orElse("").contains("prefixes"));
  }

  @Test
  void numbersAreTheLowestThatNobodyHas() throws Exception {
    Enrolment enrolment = enrolment(everybodyHere("lab-{number}", 10, MANY));
    List<CompletionStage<Optional<Registration>>> asked =
        List.of(
            enrolment.asked(machine(1)), enrolment.asked(machine(2)), enrolment.asked(machine(3)));
    for (CompletionStage<Optional<Registration>> each : asked) {
      assertTrue(ended(each).isPresent());
    }
    registry.remove(new ClientName("lab-2")).toCompletableFuture().get(30, TimeUnit.SECONDS);
    assertEquals("lab-2", ended(enrolment.asked(machine(4))).orElseThrow().client().name().value());
  }

  @Test
  void aNameThatIsTakenIsNotTakenAgain() throws Exception {
    Enrolment enrolment = enrolment(everybodyHere("{mac}", 10, MANY));
    ended(enrolment.asked(machine(1)));
    assertEquals(Optional.empty(), ended(enrolment.asked(machine(1))));
    assertEquals(1, registry.size());
  }

  @Test
  void aMachineThatItsNameNeedsAUuidOfHasToTellIt() throws Exception {
    Enrolment enrolment = enrolment(everybodyHere("{uuid}", 10, MANY));
    assertEquals(Optional.empty(), ended(enrolment.asked(machine(1))));
    UUID uuid = UUID.fromString("11223344-5566-7788-99aa-bbccddeeff00");
    Registration added =
        ended(
                enrolment.asked(
                    new Enrolment.Machine(card(1), Optional.of(uuid), LINK, Optional.empty())))
            .orElseThrow();
    assertEquals("112233445566778899aabbccddeeff00", added.client().name().value());
  }

  @Test
  void whatFirmwareCouldNotBeToldIsNotEnrolled() throws Exception {
    Enrolment enrolment =
        new Enrolment(
            everybodyHere("{mac}", 10, MANY),
            registry,
            client -> {
              throw new InvalidClientException("its name is too long");
            },
            () -> now);
    assertEquals(Optional.empty(), ended(enrolment.asked(machine(1))));
    assertEquals(0, registry.size());
  }
}
