// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrailsTest {
  private static final Instant START = Instant.parse("2026-11-20T12:00:00Z");

  @TempDir private Path data;
  private Instant now = START;
  private final Clock clock =
      new Clock() {
        @Override
        public ZoneId getZone() {
          return ZoneId.of("UTC");
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }

        @Override
        public Instant instant() {
          return now;
        }
      };

  /** Steps of boot 1, each a second after the one before. */
  private void take(Trails trails, Step... steps) {
    for (Step step : steps) {
      take(trails, 1, step);
    }
  }

  private void take(Trails trails, long generation, Step step) {
    switch (step) {
      case FIRMWARE_DHCP, PROGRAM, IPXE_DHCP, SCRIPT -> trails.took("alpha", step, "");
      case FIRMWARE_LOGIN, SYSTEM_LOGIN ->
          trails.loggedIn("alpha", step == Step.FIRMWARE_LOGIN, new Count(generation, 0, 0), "");
      case FIRST_READ -> trails.took("alpha", generation, step, "");
      case READY -> trails.took("alpha", generation, step, Trail.FIRST_WRITE);
    }
    now = now.plusSeconds(1);
  }

  private static List<Long> boots(Trails trails) {
    return trails.history("alpha").stream().map(Trail::generation).toList();
  }

  private List<Step> steps(Trails trails) {
    return List.copyOf(trails.of("alpha").orElseThrow().marks().keySet());
  }

  private static Trail.Mark mark(Trails trails, Step step) {
    return Objects.requireNonNull(trails.of("alpha").orElseThrow().marks().get(step));
  }

  @Test
  void aWholeBootIsOneTrail() {
    try (Trails trails = Trails.open(data, clock)) {
      take(
          trails,
          Step.FIRMWARE_DHCP,
          Step.FIRMWARE_DHCP,
          Step.PROGRAM,
          Step.IPXE_DHCP,
          Step.SCRIPT,
          Step.FIRMWARE_LOGIN,
          Step.FIRST_READ,
          Step.SYSTEM_LOGIN,
          Step.READY);
      assertEquals(List.of(Step.values()), steps(trails));
      assertEquals(START, trails.of("alpha").orElseThrow().began());
    }
  }

  /** iPXE logs in twice, and Linux again after every outage: the first time counts. */
  @Test
  void aStepKeepsItsFirstTime() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN, Step.SYSTEM_LOGIN);
      assertEquals(START.plusSeconds(2), mark(trails, Step.SYSTEM_LOGIN).at());
    }
  }

  @ParameterizedTest
  @CsvSource({"FIRMWARE_DHCP", "IPXE_DHCP"})
  void firmwareThatAsksAfterALoginHasBeenStartedAgain(Step step) {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, step);
      assertEquals(List.of(step), steps(trails));
    }
  }

  @Test
  void firmwareThatAsksAfterALongTimeHasBeenStartedAgain() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP);
      now = now.plus(Duration.ofMinutes(3));
      Instant again = now;
      take(trails, Step.IPXE_DHCP);
      assertEquals(again, trails.of("alpha").orElseThrow().began());
    }
  }

  @Test
  void aRestartOfTheServerForgetsNothing() {
    try (Trails trails = Trails.open(data, clock)) {
      trails.took("alpha", Step.IPXE_DHCP, "52:54:00:77:00:01, architecture 7");
    }
    try (Trails trails = Trails.open(data, clock)) {
      Trail trail = trails.of("alpha").orElseThrow();
      assertEquals(
          new Trail.Mark(START, "52:54:00:77:00:01, architecture 7"),
          trail.marks().get(Step.IPXE_DHCP));
    }
  }

  /** Nothing is decided by it, so it must not stop a start. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"format\":2}",
        "{\"format\":1,\"boots\":[{\"began\":\"2026-11-20T00:00:00Z\"}]}",
        "{\"format\":1,\"boots\":[{\"steps\":[{\"step\":\"dance\"}]}]}",
        "{\"format\":1,\"boots\":[{\"steps\":[{\"step\":\"script\",\"at\":\"noon\"}]}]}"
      })
  void aFileThatCannotBeReadIsBegunAnew(String text) throws Exception {
    Files.createDirectories(data.resolve("boots"));
    Files.writeString(data.resolve("boots/alpha.json"), text);
    try (Trails trails = Trails.open(data, clock)) {
      assertEquals(Optional.empty(), trails.of("alpha"));
      take(trails, Step.IPXE_DHCP);
    }
    try (Trails trails = Trails.open(data, clock)) {
      assertEquals(List.of(Step.IPXE_DHCP), steps(trails));
    }
  }

  @Test
  void aNewBootLeavesTheOneBeforeItInTheHistory() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN, Step.READY);
      take(trails, Step.IPXE_DHCP);
      take(trails, 2, Step.FIRMWARE_LOGIN);
      assertEquals(List.of(2L, 1L), boots(trails));
      assertTrue(trails.history("alpha").get(1).marks().containsKey(Step.READY));
      assertEquals(List.of(Step.IPXE_DHCP, Step.FIRMWARE_LOGIN), steps(trails));
    }
  }

  @Test
  void theHistoryIsKeptOverARestartAndBounded() {
    for (long boot = 1; boot <= Limits.BOOTS + 4; boot++) {
      try (Trails trails = Trails.open(data, clock)) {
        take(trails, Step.IPXE_DHCP);
        take(trails, boot, Step.FIRMWARE_LOGIN);
      }
    }
    try (Trails trails = Trails.lookAt(data)) {
      List<Long> kept = boots(trails);
      assertEquals(Limits.BOOTS, kept.size());
      assertEquals(Limits.BOOTS + 4L, kept.getFirst());
      assertEquals(5L, kept.getLast());
    }
  }

  /** Anybody on the network can send the packet that a start begins with. */
  @Test
  void forgedStartsPushOutNoBoot() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN);
      for (int forged = 0; forged < 100; forged++) {
        now = now.plusSeconds(300);
        take(trails, Step.IPXE_DHCP);
      }
      assertEquals(1, boots(trails).stream().filter(boot -> boot == 1).count());
      assertEquals(Limits.ATTEMPTS + 1, boots(trails).size());
    }
  }

  /** A forged start while a machine runs is none of its machine's, as its next login shows. */
  @Test
  void aSystemThatComesBackGoesOnWithItsBoot() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN);
      take(trails, Step.IPXE_DHCP, Step.SYSTEM_LOGIN);
      assertEquals(List.of(Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN), steps(trails));
    }
  }

  @Test
  void bytesOfABootAddUpOverARestartOfTheServer() {
    try (Trails trails = Trails.open(data, clock)) {
      trails.countBy(client -> Optional.of(new Count(1, 1000, 30)));
      take(trails, Step.FIRMWARE_LOGIN);
      assertEquals(1000, trails.of("alpha").orElseThrow().readBytes());
    }
    try (Trails trails = Trails.open(data, clock)) {
      trails.countBy(client -> Optional.of(new Count(1, 5, 1)));
      Trail boot = trails.of("alpha").orElseThrow();
      assertEquals(1005, boot.readBytes());
      assertEquals(31, boot.writtenBytes());
    }
  }

  @Test
  void bytesOfAnOlderBootAreNotTheNewOnes() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, 2, Step.FIRMWARE_LOGIN);
      trails.countBy(client -> Optional.of(new Count(1, 1000, 30)));
      assertEquals(0, trails.of("alpha").orElseThrow().readBytes());
    }
  }

  @Test
  void whyTheLastSessionEndedIsToldUntilTheNextOne() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.FIRMWARE_LOGIN, Step.FIRST_READ);
      trails.left("alpha", 1, "connection reset");
      assertEquals(
          "connection reset",
          Objects.requireNonNull(trails.of("alpha").orElseThrow().left()).detail());
      String stopped =
          trails
              .of("alpha")
              .orElseThrow()
              .stopped(Optional.empty(), now.plus(Duration.ofMinutes(3)))
              .orElseThrow();
      assertTrue(
          stopped.contains("no operating system") && stopped.contains("connection reset"), stopped);
      take(trails, Step.FIRMWARE_LOGIN);
      assertNull(trails.of("alpha").orElseThrow().left());
    }
  }

  @Test
  void aForgottenClientHasNoBootsLeft() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.FIRMWARE_LOGIN);
    }
    try (Trails trails = Trails.open(data, clock)) {
      trails.forget("alpha");
      assertEquals(List.of(), trails.history("alpha"));
    }
    try (Trails trails = Trails.open(data, clock)) {
      assertEquals(Optional.empty(), trails.of("alpha"));
    }
  }

  // ---- tokens ----

  @Test
  void theTokenOfABootMakesItReady() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.SCRIPT);
      String token = trails.firmwareToken("alpha").orElseThrow();
      take(trails, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN);
      assertEquals(Optional.of(token), trails.systemToken("alpha"));
      assertTrue(trails.ready(token, "10.77.0.9"));
      assertEquals("said so from 10.77.0.9", mark(trails, Step.READY).detail());
    }
  }

  /** Its own word counts more than a write, and the first of each counts. */
  @Test
  void theWordStandsInForTheFirstWrite() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.SCRIPT, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN, Step.READY);
      String token = trails.systemToken("alpha").orElseThrow();
      Instant said = now;
      assertTrue(trails.ready(token, "10.77.0.9"));
      now = now.plusSeconds(1);
      assertTrue(trails.ready(token, "10.77.0.9"));
      assertEquals(said, mark(trails, Step.READY).at());
    }
  }

  @Test
  void aTokenOutlivesARestartOfTheServerAndDiesWithItsBoot() {
    String token;
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.SCRIPT, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN);
      token = trails.systemToken("alpha").orElseThrow();
    }
    try (Trails trails = Trails.open(data, clock)) {
      assertTrue(trails.ready(token, "10.77.0.9"));
      take(trails, Step.SCRIPT);
      assertNotEquals(Optional.of(token), trails.firmwareToken("alpha"));
      take(trails, 2, Step.FIRMWARE_LOGIN);
      assertFalse(trails.ready(token, "10.77.0.9"));
      assertFalse(trails.of("alpha").orElseThrow().marks().containsKey(Step.READY));
    }
  }

  @Test
  void theSystemOfARunningBootGetsThatBootsToken() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.SCRIPT, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN);
      String token = trails.systemToken("alpha").orElseThrow();
      take(trails, Step.IPXE_DHCP);
      assertEquals(token, trails.systemToken("alpha").orElseThrow());
      assertNotEquals(token, trails.firmwareToken("alpha").orElseThrow());
    }
  }

  @Test
  void nothingButTheTokenIsOne() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.SCRIPT);
      String token = trails.firmwareToken("alpha").orElseThrow();
      char last = token.charAt(token.length() - 3);
      String other =
          token.substring(0, token.length() - 3)
              + (last == 'A' ? 'B' : 'A')
              + token.substring(token.length() - 2);
      for (String wrong :
          List.of(
              "",
              ".",
              "alpha",
              "alpha.",
              "alpha.!!!",
              other,
              "beta" + token.substring("alpha".length()),
              token + "AAAA",
              "x".repeat(10_000))) {
        assertFalse(trails.ready(wrong, "10.77.0.9"), wrong);
      }
      assertTrue(trails.ready(token, "10.77.0.9"));
    }
  }

  /** Whoever holds it could speak for every boot. */
  @Test
  void theKeyIsItsOwnersOnly() throws Exception {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.SCRIPT);
    }
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(
            Files.getPosixFilePermissions(data.resolve("boots/.ready-key"))));
  }

  @Test
  void whatComesFromTheNetworkIsShownPlainAndShort() {
    try (Trails trails = Trails.open(data, clock)) {
      trails.took("alpha", Step.PROGRAM, "\u001b[2J" + "x".repeat(1000));
      String detail = mark(trails, Step.PROGRAM).detail();
      assertTrue(detail.startsWith("?[2Jxxx") && detail.length() == 200, detail);
    }
  }

  @Test
  void aMachineThatCameNoFurtherIsSaidSoAfterAWhile() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP);
      Trail trail = trails.of("alpha").orElseThrow();
      assertEquals(Optional.empty(), trail.stopped(Optional.empty(), now));
      String stopped =
          trail.stopped(Optional.empty(), now.plus(Duration.ofMinutes(3))).orElseThrow();
      assertTrue(stopped.contains("no login came"), stopped);
    }
  }

  @Test
  void aRefusedLoginIsSaidSoAtOnce() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP);
      assertEquals(
          Optional.of("its login is refused: because"),
          trails.of("alpha").orElseThrow().stopped(Optional.of("because"), now));
    }
  }

  @Test
  void aMachineWhoseSystemIsThereHasNotStopped() {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN, Step.SYSTEM_LOGIN);
      assertEquals(
          Optional.empty(),
          trails
              .of("alpha")
              .orElseThrow()
              .stopped(Optional.of("an old refusal"), now.plus(Duration.ofDays(1))));
    }
  }

  /** Too many open files pass; what is kept of boots must not pass with them. */
  @Test
  void aFileThatCannotBeReadJustNowIsNotBegunAnew() throws Exception {
    try (Trails trails = Trails.open(data, clock)) {
      take(trails, Step.IPXE_DHCP, Step.FIRMWARE_LOGIN);
      Path file = Files.createDirectories(data.resolve("boots")).resolve("alpha.json");
      Files.createSymbolicLink(file, file); // opening it fails, though not for its absence
    }
    assertTrue(Files.isSymbolicLink(data.resolve("boots/alpha.json")));
  }

  @Test
  void aClientThatIsForgottenWhileTheServerStopsHoldsNobodyUp() {
    Trails trails = Trails.open(data, clock);
    take(trails, Step.IPXE_DHCP);
    trails.close();
    trails.forget("alpha");
    assertEquals(Optional.empty(), trails.of("alpha"));
  }
}
