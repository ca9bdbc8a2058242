// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.ImageReference;
import dev.rootstock.boot.clients.Mode;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.identity.Identities;
import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.images.store.Progress;
import dev.rootstock.target.Admission.AuthenticationRequest;
import dev.rootstock.target.Admission.Decision;
import dev.rootstock.target.Admission.Granted;
import dev.rootstock.target.Admission.LoginRequest;
import dev.rootstock.target.Admission.Refused;
import dev.rootstock.target.Isid;
import dev.rootstock.target.LoginStatus;
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

/** From the login's proof to the registry's secrets, with a store and without a network. */
class EachBootSecretTest {
  private static final ClientName ALPHA = new ClientName("alpha");
  private static final String HOME = "10.77.0.20";
  private static final long IPXE = 0x4000_2723_0001L;
  private static final long LINUX = 0x0002_3d00_0001L;

  @TempDir private Path folder;
  private final AtomicLong clock = new AtomicLong(1_000_000);
  private LocalImageStore store;
  private Registry registry;
  private Identities identities;
  private BootAdmission admission;

  @BeforeEach
  void addAClient() throws Exception {
    store = LocalImageStore.open(folder.resolve("data"));
    registry = Registry.open(folder.resolve("data"));
    identities = new Identities(registry.installation(), null);
    admission =
        BootAdmission.start(registry, store, identities, new BootPolicy(false, false), clock::get);
    admission.revokeThrough(new FakeTarget());
    Path raw = Files.write(folder.resolve("golden.raw"), new byte[1 << 20]);
    store.importImage(raw, "debian", null, Progress.NONE);
    get(
        registry.add(
            new Client(
                ALPHA,
                List.of(),
                null,
                List.of(),
                ImageReference.parse("debian"),
                Mode.EPHEMERAL,
                null,
                OptionalLong.empty())));
    get(registry.update(ALPHA, now -> now.withChap(Chap.eachBoot("alpha", null, null, 0))));
  }

  @AfterEach
  void close() throws Exception {
    admission.close();
    registry.close();
    store.close();
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
  }

  private Decision login(long isid, String identity) throws Exception {
    return get(
        admission.admit(
            new LoginRequest(
                identities.initiator(ALPHA).value(),
                identities.target(ALPHA),
                new Isid(isid),
                false,
                new InetSocketAddress(HOME, 40000),
                new InetSocketAddress("10.77.0.1", 3260),
                identity)));
  }

  private Granted granted(long isid, String identity) throws Exception {
    return assertInstanceOf(Granted.class, login(isid, identity));
  }

  private Chap chap() {
    return registry.find(ALPHA).map(Registration::chap).orElseThrow();
  }

  @Test
  void theMachineIsAskedForTheProofOfEitherBoot() throws Exception {
    granted(IPXE, "alpha/1");
    List<String> users =
        get(
                admission.authentication(
                    new AuthenticationRequest(
                        identities.initiator(ALPHA).value(),
                        identities.target(ALPHA),
                        new InetSocketAddress(HOME, 40000),
                        new InetSocketAddress("10.77.0.1", 3260))))
            .accounts()
            .stream()
            .map(account -> account.initiator().name())
            .toList();
    assertEquals(List.of("alpha/1", "alpha/2"), users);
  }

  @Test
  void aBootsSecretLivesAsLongAsTheBoot() throws Exception {
    assertEquals("alpha/1", chap().handed().client().user());
    granted(IPXE, "alpha/1").lease().ended("the test says so");
    assertEquals("alpha/2", chap().handed().client().user());
    granted(LINUX, "alpha/1").lease().ended("the test says so");
    granted(IPXE, "alpha/2").lease().ended("the test says so");
    assertEquals("alpha/2", chap().client().user());
    Refused refused = assertInstanceOf(Refused.class, login(LINUX, "alpha/1"));
    assertEquals(LoginStatus.AUTHENTICATION_FAILURE, refused.status());
    assertTrue(refused.reason().contains("proved by CHAP"), refused.reason());
    granted(LINUX, "alpha/2");
  }

  @Test
  void anEndedBootsSecretOpensNothing() throws Exception {
    granted(IPXE, "alpha/1").lease().ended("the test says so");
    get(admission.boot(ALPHA, true));
    Refused refused = assertInstanceOf(Refused.class, login(LINUX, "alpha/1"));
    assertTrue(refused.reason().contains("boot that is over"), refused.reason());
    granted(IPXE, "alpha/2");
  }

  @Test
  void aConnectionJoinsTheSessionOfItsOwnBootOnly() throws Exception {
    Granted session = granted(IPXE, "alpha/1");
    assertTrue(get(admission.join(request("alpha/1"), session.lease())).isEmpty());
    assertTrue(get(admission.join(request("alpha/2"), session.lease())).isPresent());
  }

  private LoginRequest request(String identity) {
    return new LoginRequest(
        identities.initiator(ALPHA).value(),
        identities.target(ALPHA),
        new Isid(IPXE),
        false,
        new InetSocketAddress(HOME, 40000),
        new InetSocketAddress("10.77.0.1", 3260),
        identity);
  }
}
