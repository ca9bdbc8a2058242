// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.LoginRefusedException;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.session.Waits;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
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
    return of(loginTimeout, Waits.NORMAL, devices);
  }

  /** One that waits for what initiators have to do for as long as a test has patience. */
  static TestServer patient(BlockDevice... devices) throws IOException {
    int patience = (int) PATIENCE.multipliedBy(2).toMillis();
    return of(Duration.ofSeconds(30), new Waits(patience, patience), devices);
  }

  private static TestServer of(Duration loginTimeout, Waits waits, BlockDevice... devices)
      throws IOException {
    OpenAdmission admission = new OpenAdmission(devices);
    TargetSettings settings =
        TargetSettings.listeningOn(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withLoginTimeout(loginTimeout)
            .withEventLoops(2);
    return new TestServer(admission, IscsiTarget.start(settings, admission, waits));
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

  /**
   * How a login is refused. A connection is closed without a word when nothing has come on it in
   * the time that a login has: where that is short, a slow machine may need several.
   */
  LoginRefusedException refusal(LoginOptions options) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (Initiator _ = Initiator.login(address(), options, PATIENCE)) {
        throw new AssertionError("it was let in");
      } catch (LoginRefusedException e) {
        return e;
      } catch (IOException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
      }
    }
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

  /**
   * Asserts that nothing has been sent to an initiator, whatever time that took: a ping is answered
   * first. It acknowledges what the initiator has received.
   */
  static void assertSilent(Initiator initiator) throws IOException {
    assertSilent(initiator, initiator.expStatSn());
  }

  /** The same, with another acknowledgement. */
  static void assertSilent(Initiator initiator, int expStatSn) throws IOException {
    int itt = initiator.newTag();
    initiator
        .socket()
        .send(
            new NopOut(
                true, 0, itt, Tag.NONE, initiator.cmdSn(), expStatSn, Unpooled.EMPTY_BUFFER));
    TargetPdu first = receive(initiator);
    if (!(first instanceof NopIn echo && echo.itt() == itt)) {
      throw new AssertionError("sent before the answer to a ping: " + first);
    }
  }

  /**
   * The next PDU that is not a NOP-In of the target's own: one that pings is asked for its
   * acknowledgement and told of its command window (RFC 7143 §11.19), who knows when.
   */
  static TargetPdu receive(Initiator initiator) throws IOException {
    TargetPdu next = initiator.receive();
    while (next instanceof NopIn own && own.itt() == Tag.NONE) {
      next = initiator.receive();
    }
    return next;
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
