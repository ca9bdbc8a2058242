// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
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

  private void take(Trails trails, Step... steps) {
    for (Step step : steps) {
      trails.took("alpha", step, "");
      now = now.plusSeconds(1);
    }
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
          Step.SYSTEM_LOGIN);
      assertEquals(List.of(Step.values()), steps(trails));
      assertEquals(START, trails.of("alpha").orElseThrow().started());
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
      assertEquals(again, trails.of("alpha").orElseThrow().started());
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
        "{\"format\":1,\"boots\":{\"a\":[{\"step\":\"dance\"}]}}",
        "{\"format\":1,\"boots\":{\"a\":[{\"step\":\"script\",\"at\":\"noon\"}]}}"
      })
  void aFileThatCannotBeReadIsBegunAnew(String text) throws Exception {
    Files.writeString(data.resolve("boots.json"), text);
    try (Trails trails = Trails.open(data, clock)) {
      assertEquals(Optional.empty(), trails.of("a"));
      take(trails, Step.IPXE_DHCP);
    }
    try (Trails trails = Trails.open(data, clock)) {
      assertEquals(List.of(Step.IPXE_DHCP), steps(trails));
    }
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
}
