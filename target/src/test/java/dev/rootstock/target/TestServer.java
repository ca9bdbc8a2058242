// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.PduSocket;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A target on a loopback port with initiators for it. Closing it checks that every network buffer
 * has been given back.
 */
public final class TestServer implements AutoCloseable {
  public static final String INITIATOR = "iqn.2001-04.com.example:test";

  /** Longer than anything here takes; a test that waits this long has failed. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final OpenAdmission admission;
  private final IscsiTarget target;
  private final List<PduSocket> clients = new ArrayList<>();

  private TestServer(OpenAdmission admission, IscsiTarget target) {
    this.admission = admission;
    this.target = target;
  }

  public static TestServer of(BlockDevice... devices) throws IOException {
    return of(Duration.ofSeconds(30), devices);
  }

  public static TestServer of(Duration loginTimeout, BlockDevice... devices) throws IOException {
    OpenAdmission admission = new OpenAdmission(devices);
    TargetSettings settings =
        TargetSettings.listeningOn(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withLoginTimeout(loginTimeout)
            .withEventLoops(2);
    return new TestServer(admission, IscsiTarget.start(settings, admission));
  }

  public OpenAdmission admission() {
    return admission;
  }

  public IscsiTarget target() {
    return target;
  }

  public InetSocketAddress address() {
    return target.addresses().getFirst();
  }

  /** The URL of LUN 0 for tools on libiscsi. */
  public String url() {
    return "iscsi://127.0.0.1:" + address().getPort() + "/" + OpenAdmission.TARGET + "/0";
  }

  /** What logs in as Linux does. */
  public static LoginOptions options() {
    return LoginOptions.normal(INITIATOR, OpenAdmission.TARGET);
  }

  /** A session whose unit attention of a power-on has been told already. */
  public Initiator login() throws IOException {
    return login(options());
  }

  public Initiator login(LoginOptions options) throws IOException {
    Initiator initiator = loginOnly(options);
    initiator.read(0, new byte[6], 0);
    return initiator;
  }

  /** A session that has run no command. */
  public Initiator loginOnly(LoginOptions options) throws IOException {
    Initiator initiator = Initiator.login(address(), options, PATIENCE);
    clients.add(initiator.socket());
    return initiator;
  }

  /** One more connection of a session (RFC 7143 §6.3.1). */
  public Initiator join(Initiator session, int cid) throws IOException {
    return session.join(connect(), cid);
  }

  /** A connection without a login. */
  public PduSocket connect() throws IOException {
    PduSocket socket = PduSocket.connect(address(), PATIENCE);
    clients.add(socket);
    return socket;
  }

  /** Waits until something holds. */
  public static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("never came true: " + what);
      }
      Thread.sleep(2);
    }
  }

  /** Waits for a stage for as long as anything here may take. */
  public static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Override
  public void close() throws IOException {
    for (PduSocket client : clients) {
      client.close();
    }
    target.close();
    try {
      await(
          "every buffer is given back",
          () -> PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() == 0);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    for (OpenAdmission.TestLease lease : admission.leases()) {
      if (lease.endings().size() != 1) {
        throw new AssertionError("a lease ended " + lease.endings().size() + " times");
      }
    }
  }
}
