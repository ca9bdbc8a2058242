// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.MacAddress;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Secret;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.identity.Identities;
import java.net.Inet4Address;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What SendTargets, SLP and iSNS may tell to whom. */
class TargetVisibilityTest {
  private static final Inet4Address CARD_ADDRESS = Inet4Address.ofLiteral("10.77.0.20");
  private static final Inet4Address ELSEWHERE = Inet4Address.ofLiteral("10.77.0.99");
  private static final String NAMED_INITIATOR = "iqn.1993-08.org.debian:01:abc";
  private static final String PREFIX = "iqn.2026-11.dev.rootstock:test";

  @TempDir Path data;
  private @Nullable Registry opened;

  private final Identities identities =
      new Identities(UUID.fromString("00000000-0000-4000-8000-000000000001"), PREFIX);

  @BeforeEach
  void open() throws Exception {
    opened = Registry.open(data);
    add("card", "52:54:00:77:00:01", null, CARD_ADDRESS);
    add("leaseless", "52:54:00:77:00:02", null, null);
    add("named", null, NAMED_INITIATOR, null);
    add("open", null, null, null);
  }

  private Registry registry() {
    return Objects.requireNonNull(opened);
  }

  @AfterEach
  void close() throws Exception {
    registry().close();
  }

  private void add(
      String name, @Nullable String mac, @Nullable String initiator, @Nullable Inet4Address address)
      throws Exception {
    registry()
        .add(
            new Client(
                new ClientName(name),
                mac == null ? List.of() : List.of(MacAddress.parse(mac)),
                null,
                initiator == null ? List.of() : List.of(new InitiatorName(initiator)),
                ImageReference.parse("debian"),
                Mode.PERSISTENT,
                address,
                OptionalLong.empty()))
        .toCompletableFuture()
        .get();
  }

  private TargetVisibility visibility(boolean ownDhcp) {
    return visibility(ownDhcp, ChapMode.PER_CLIENT);
  }

  private TargetVisibility visibility(boolean ownDhcp, ChapMode mode) {
    return new TargetVisibility(registry(), identities, ownDhcp, new ChapRules(mode, null));
  }

  private static List<String> names(List<Registration> found) {
    return found.stream().map(each -> each.client().name().value()).toList();
  }

  private List<String> toInitiator(String name, Inet4Address from) {
    return names(visibility(true).toInitiator(name, from, 10));
  }

  private boolean isTold(String target, Inet4Address to, boolean ownDhcp) {
    return visibility(ownDhcp).named(PREFIX + ":" + target, to).isPresent();
  }

  @Test
  void anInitiatorHearsOfWhatItCouldLogInTo() {
    assertEquals(List.of("named", "open"), toInitiator(NAMED_INITIATOR, ELSEWHERE));
    assertEquals(List.of("card", "open"), toInitiator(PREFIX + ":card:initiator", CARD_ADDRESS));
    assertEquals(List.of("open"), toInitiator(PREFIX + ":card:initiator", ELSEWHERE));
    assertEquals(List.of("open"), toInitiator("iqn.1993-08.org.debian:01:def", ELSEWHERE));
  }

  @Test
  void anAddressHearsOfTheDiskThatIsBoundToIt() {
    assertEquals(
        Optional.of("card"),
        visibility(true).toAddress(CARD_ADDRESS).map(each -> each.client().name().value()));
    assertEquals(Optional.empty(), visibility(true).toAddress(ELSEWHERE));
  }

  @Test
  void aTargetThatIsNamedInFullIsToldToWhoCouldHaveIt() {
    assertEquals(true, isTold("card", CARD_ADDRESS, true));
    assertEquals(false, isTold("card", ELSEWHERE, true));
    assertEquals(true, isTold("named", ELSEWHERE, true));
    assertEquals(true, isTold("open", ELSEWHERE, true));
    assertEquals(false, isTold("nobody", ELSEWHERE, true));
  }

  /** With our own DHCP a machine without an address has not started; without it nobody knows. */
  @Test
  void aMachineWithoutAnAddressMayBeAnywhereUnlessWeGiveAddresses() {
    assertEquals(false, isTold("leaseless", ELSEWHERE, true));
    assertEquals(true, isTold("leaseless", ELSEWHERE, false));
  }

  @Test
  void whoMayLogInIsWhoIsAdmitted() {
    TargetVisibility visibility = visibility(true);
    assertEquals(
        List.of(PREFIX + ":card:initiator"),
        visibility.initiators(visibility.toAddress(CARD_ADDRESS).orElseThrow()));
    assertEquals(
        Optional.of(CARD_ADDRESS),
        visibility.boundTo(visibility.toAddress(CARD_ADDRESS).orElseThrow()));
    Registration named = visibility.named(PREFIX + ":named", ELSEWHERE).orElseThrow();
    assertEquals(List.of(NAMED_INITIATOR), visibility.initiators(named));
    assertEquals(Optional.empty(), visibility.boundTo(named));
    Registration open = visibility.named(PREFIX + ":open", ELSEWHERE).orElseThrow();
    assertEquals(List.of(), visibility.initiators(open));
  }

  private void provesItself(String client) throws Exception {
    Chap.Pair pair = new Chap.Pair("user-" + client, Secret.generate());
    registry()
        .update(new ClientName(client), known -> known.withChap(new Chap(pair, null, false)))
        .toCompletableFuture()
        .get();
  }

  /** By SLP and iSNS nobody proves anything: a disk that wants a proof is told when it is named. */
  @Test
  void aDiskThatWantsAProofIsToldOnlyToWhoNamesIt() throws Exception {
    provesItself("named");
    provesItself("open");
    provesItself("card");
    TargetVisibility visibility = visibility(true);
    assertEquals(List.of(), names(visibility.toStranger(NAMED_INITIATOR, ELSEWHERE, 10)));
    assertEquals(List.of(), names(visibility.toAnybody(10)));
    assertEquals(Optional.empty(), visibility.toAddress(CARD_ADDRESS));
    Registration named = visibility.named(PREFIX + ":named", ELSEWHERE).orElseThrow();
    assertEquals(List.of("chap/user-named"), visibility.credentials(named));
    TargetVisibility trusting = visibility(true, ChapMode.NONE);
    assertEquals(2, trusting.toStranger(NAMED_INITIATOR, ELSEWHERE, 10).size());
    assertEquals(List.of(), trusting.credentials(named));
  }

  @Test
  void whereAllProveThemselvesNothingIsToldWithoutAProof() {
    TargetVisibility strict = visibility(true, ChapMode.REQUIRED);
    assertEquals(List.of(), strict.toStranger(NAMED_INITIATOR, ELSEWHERE, 10));
    assertEquals(List.of(), strict.toAnybody(10));
    assertEquals(Optional.empty(), strict.toAddress(CARD_ADDRESS));
    assertEquals(Optional.empty(), strict.named(PREFIX + ":open", ELSEWHERE));
  }
}
