// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.boots.FakeTarget.FakeSession;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.images.store.Progress;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.Isid;
import dev.rootstock.target.TargetSession.Liveness;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** At which address a client's machine is at work, as those see it who give addresses. */
class PresenceTest {
  private static final InetAddress HOME = InetAddress.ofLiteral("10.77.0.20");
  private static final InetAddress AWAY = InetAddress.ofLiteral("10.77.0.21");
  private static final ClientName NAME = new ClientName("c1");
  private static final long IPXE = 0x4000_2723_0001L;
  private static final long LINUX = 0x0002_3d00_0001L;

  @TempDir Path folder;
  private final AtomicLong clock = new AtomicLong(1_000_000);
  private final FakeTarget target = new FakeTarget();
  private LocalImageStore store;
  private Registry registry;
  private Identities identities;
  private BootAdmission admission;

  @BeforeEach
  void open() throws Exception {
    start();
    Path raw = folder.resolve("golden.raw");
    Files.write(raw, new byte[1 << 20]);
    store.importImage(raw, "debian", null, Progress.NONE);
    get(
        registry.add(
            new Client(
                NAME,
                List.of(),
                null,
                List.of(),
                ImageReference.parse("debian"),
                Mode.PERSISTENT,
                null,
                OptionalLong.empty())));
  }

  private void start() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    registry = Registry.open(folder.resolve("data"));
    identities = new Identities(registry.installation(), null);
    admission =
        BootAdmission.start(registry, store, identities, new BootPolicy(false, false), clock::get);
    admission.revokeThrough(target);
  }

  @AfterEach
  void close() throws Exception {
    admission.close();
    registry.close();
    store.close();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private FakeSession session(long isid) throws Exception {
    LoginRequest request =
        new LoginRequest(
            identities.initiator(NAME).value(),
            identities.target(NAME),
            new Isid(isid),
            false,
            new InetSocketAddress(HOME, 40000),
            new InetSocketAddress("10.77.0.1", 3260),
            null);
    FakeSession session = target.open(get(admission.admit(request)), request);
    get(admission.settled(NAME));
    return session;
  }

  private boolean atWork() throws Exception {
    boolean found = admission.isAtWork(NAME, HOME);
    get(admission.settled(NAME)); // what was asked has been answered
    return found;
  }

  private void passes(long millis) {
    clock.addAndGet(millis);
  }

  @Test
  void itIsWhereItsSessionsComeFrom() throws Exception {
    assertFalse(atWork());
    session(IPXE);
    for (int i = 0; i < 3; i++) {
      assertTrue(atWork(), "it answers each question");
      assertFalse(admission.isAtWork(NAME, AWAY));
      passes(BootLimits.PROBE.toMillis());
    }
    assertFalse(admission.isAtWork(new ClientName("nobody"), HOME));
  }

  /** So long nobody at another address gets its disk either. */
  @Test
  void itMayReturnForAWhile() throws Exception {
    get(session(LINUX).close("the network failed"));
    get(admission.settled(NAME));
    assertTrue(atWork());
    passes(BootLimits.RETURN.toMillis());
    assertFalse(atWork());
  }

  @Test
  void itMayReturnAfterARestartOfTheServer() throws Exception {
    session(LINUX);
    close();
    start();
    assertTrue(atWork());
    passes(BootLimits.RETURN.toMillis());
    assertFalse(atWork());
  }

  @Test
  void aSystemThatDoesNotAnswerIsGoneAndItsSessionStays() throws Exception {
    FakeSession linux = session(LINUX);
    linux.liveness = Liveness.SILENT;
    assertTrue(atWork(), "it is asked with this");
    assertFalse(atWork());
    assertEquals(1, admission.status(NAME).orElseThrow().sessions().size());
    linux.liveness = Liveness.ALIVE;
    passes(BootLimits.RETURN.toMillis());
    assertTrue(atWork(), "its silence counts for a while");
    assertTrue(atWork());
  }

  /** iPXE answers only while somebody reads. */
  @Test
  void silentFirmwareMayBeAtWork() throws Exception {
    FakeSession firmware = session(IPXE);
    firmware.liveness = Liveness.SILENT;
    for (int i = 0; i < 3; i++) {
      assertTrue(atWork());
      passes(BootLimits.PROBE.toMillis());
    }
    firmware.liveness = Liveness.DEAD;
    assertTrue(atWork());
    assertFalse(atWork());
  }

  /** What firmware leaves behind says nothing once the system runs. */
  @Test
  void sessionsOfFirmwareDoNotCountBesideASystem() throws Exception {
    session(IPXE).liveness = Liveness.SILENT;
    get(session(LINUX).close("it was switched off"));
    get(admission.settled(NAME));
    passes(BootLimits.RETURN.toMillis());
    assertFalse(atWork());
  }

  @Test
  void anEndedBootIsNowhere() throws Exception {
    session(LINUX);
    get(admission.boot(NAME, true));
    get(admission.settled(NAME));
    assertFalse(atWork());
  }
}
