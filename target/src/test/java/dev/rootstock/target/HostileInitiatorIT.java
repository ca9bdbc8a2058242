// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.chap.ChapAccount;
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
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;

/**
 * Initiators that mean harm: valid and invalid PDUs at random, before, during and after a login,
 * cut off anywhere. Meanwhile another client writes and reads, and gets what it wrote; afterwards
 * no session, no lease and no buffer is left.
 *
 * <p>A few seconds long, and half an hour with the system property {@code rootstock.long}.
 */
class HostileInitiatorIT {
  private static final boolean LONG = Boolean.getBoolean("rootstock.long");
  private static final Duration TIME = LONG ? Duration.ofMinutes(30) : Duration.ofSeconds(6);
  private static final long SEED = LONG ? System.nanoTime() : 20261120;
  private static final int ATTACKERS = 4;
  private static final int BLOCK = 512;
  private static final int DISK = 1 << 20;
  private static final String TARGET = "iqn.2026-11.dev.rootstock:test:";
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Rounds of the other client that the attack lasts at least, however slow the machine is. */
  private static final int ROUNDS = 10;

  /** Opcodes of initiators, those of targets, and some that are none (RFC 7143 §11.2.1.2). */
  private static final int[] OPCODES = {0, 1, 1, 1, 2, 3, 4, 5, 5, 5, 6, 0x10, 0x20, 0x25, 0x1C};

  private static final String[] KEYS = {
    "MaxConnections=8",
    "HeaderDigest=CRC32C,None",
    "DataDigest=CRC32C,None",
    "InitialR2T=No",
    "ImmediateData=Yes",
    "ErrorRecoveryLevel=2",
    "ErrorRecoveryLevel=1",
    "MaxOutstandingR2T=8",
    "DataPDUInOrder=No",
    "DataSequenceInOrder=No",
    "MaxRecvDataSegmentLength=512",
    "MaxBurstLength=512",
    "FirstBurstLength=512",
    "DefaultTime2Retain=5",
    "AuthMethod=CHAP,None",
    "X-org.example.k=v",
    "SessionType=Discovery",
    "no key at all",
  };

  /** Each target has its own disk and takes whoever comes. */
  private static final class OpenHouse implements Admission {
    private final List<OpenAdmission.TestLease> leases = new CopyOnWriteArrayList<>();
    private final LogicalUnit attacked = unit();
    private final LogicalUnit honest = unit();

    private static LogicalUnit unit() {
      return new LogicalUnit(0, new MemoryBlockDevice(DISK), 0x3000_0000_0000_0001L, "TEST");
    }

    /** The attacked target takes CHAP too, so that its exchange is attacked as well. */
    @Override
    public CompletionStage<Authentication> authentication(AuthenticationRequest request) {
      String target = request.targetName();
      boolean isHonest = target != null && target.endsWith("honest");
      return CompletableFuture.completedStage(
          isHonest
              ? Authentication.NOT_NEEDED
              : new Authentication(true, List.of(new ChapAccount(ChapTest.OWN, ChapTest.TARGET))));
    }

    @Override
    public CompletionStage<Decision> admit(LoginRequest request) {
      boolean isHonest = request.targetName().endsWith("honest");
      if (!isHonest && !request.targetName().endsWith("attacked")) {
        return CompletableFuture.completedStage(new Refused(LoginStatus.NOT_FOUND, "no target"));
      }
      var lease = new OpenAdmission.TestLease(List.of(isHonest ? honest : attacked), 1);
      leases.add(lease);
      return CompletableFuture.completedStage(new Granted(lease));
    }

    @Override
    public CompletionStage<List<String>> targets(DiscoveryRequest request) {
      return CompletableFuture.completedStage(List.of(TARGET + "attacked"));
    }
  }

  private volatile boolean over;
  private final LongAdder connections = new LongAdder();
  private final LongAdder pdus = new LongAdder();

  @Test
  void othersAreServedMeanwhileAndNothingIsLeft() throws Exception {
    OpenHouse house = new OpenHouse();
    TargetSettings settings =
        TargetSettings.listeningOn(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withLoginTimeout(Duration.ofSeconds(5))
            .withEventLoops(2);
    long end = System.nanoTime() + TIME.toNanos();
    long served;
    IscsiTarget target = IscsiTarget.start(settings, house);
    try (ExecutorService attackers = Executors.newFixedThreadPool(ATTACKERS)) {
      InetSocketAddress portal = target.addresses().getFirst();
      List<Future<?>> attacks = new ArrayList<>();
      for (int i = 0; i < ATTACKERS; i++) {
        Random random = new Random(SEED + i);
        attacks.add(attackers.submit(() -> attack(portal, random)));
      }
      try {
        served = serveHonest(portal, end);
      } finally {
        over = true;
      }
      for (Future<?> attack : attacks) {
        attack.get();
      }
      TestServer.await(
          "the attackers' sessions end", () -> target.sessions(TARGET + "attacked").isEmpty());
    } finally {
      target.close();
    }
    house.leases.forEach(lease -> assertEquals(1, lease.endings().size()));
    TestServer.await(
        "every buffer is given back",
        () -> PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() == 0);
    System.out.printf(
        "long: hostile initiator: %d s, seed %d, %d connections, %d PDUs, %d leases,"
            + " %d rounds of another client%n",
        TIME.toSeconds(), SEED, connections.sum(), pdus.sum(), house.leases.size(), served);
  }

  /**
   * Writes and reads back until the time is over, and {@link #ROUNDS} times at least; each answer
   * comes within {@link #PATIENCE}.
   */
  private static long serveHonest(InetSocketAddress portal, long end) throws IOException {
    Random random = new Random(SEED - 1);
    LoginOptions options = LoginOptions.normal(TestServer.INITIATOR, TARGET + "honest");
    Initiator honest = Initiator.login(portal, options, PATIENCE);
    honest.read(0, new byte[6], 0);
    long rounds = 0;
    try (PduSocket socket = honest.socket()) {
      socket.timeout(PATIENCE);
      while (System.nanoTime() < end || rounds < ROUNDS) {
        byte[] written = new byte[BLOCK * (1 + random.nextInt(16))];
        random.nextBytes(written);
        int block = random.nextInt(DISK / BLOCK - 16);
        honest.write(0, cdb(0x2A, block, written.length / BLOCK), written);
        byte[] read =
            honest.read(0, cdb(0x28, block, written.length / BLOCK), written.length).data();
        assertArrayEquals(written, read);
        rounds++;
      }
    }
    return rounds;
  }

  private static byte[] cdb(int opcode, int block, int blocks) {
    return new byte[] {
      (byte) opcode,
      0,
      0,
      (byte) (block >> 16),
      (byte) (block >> 8),
      (byte) block,
      0,
      0,
      (byte) blocks,
      0
    };
  }

  private void attack(InetSocketAddress portal, Random random) {
    while (!over) {
      try (PduSocket socket = PduSocket.connect(portal, Duration.ofMillis(200))) {
        connections.increment();
        socket.timeout(Duration.ofMillis(2));
        boolean loggedIn = random.nextInt(8) != 0 && login(socket, random);
        int length = random.nextInt(loggedIn ? 200 : 4);
        for (int i = 0; i < length; i++) {
          socket.sendBytes(random.nextInt(200) == 0 ? noise(random) : pdu(random));
          pdus.increment();
          if (random.nextInt(4) == 0) {
            drain(socket);
          }
        }
        if (random.nextBoolean()) {
          socket.reset();
        }
      } catch (IOException refused) {
        // That is what the server is for.
      }
    }
  }

  /** A login that mostly succeeds, to a session of its own or to one that other attackers have. */
  private static boolean login(PduSocket socket, Random random) throws IOException {
    StringBuilder text = new StringBuilder("InitiatorName=iqn.2001-04.com.example:attacker");
    text.append("\0TargetName=").append(TARGET).append("attacked\0");
    // At recovery level 2 their sessions outlive their connections; not for long.
    text.append("DefaultTime2Wait=0\0DefaultTime2Retain=1\0");
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(KEYS[random.nextInt(KEYS.length)]).append('\0');
    }
    byte[] data = text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    byte[] pdu = new byte[48 + (data.length + 3 & ~3)];
    pdu[0] = 0x43;
    pdu[1] = (byte) 0x87;
    put24(pdu, 5, data.length);
    pdu[8] = (byte) 0x80;
    pdu[13] = (byte) random.nextInt(4);
    pdu[15] = (byte) (random.nextInt(6) == 0 ? random.nextInt(8) : 0);
    pdu[21] = (byte) random.nextInt(3);
    System.arraycopy(data, 0, pdu, 48, data.length);
    socket.sendBytes(pdu);
    socket.timeout(Duration.ofSeconds(2));
    boolean answered = socket.poll();
    socket.timeout(Duration.ofMillis(2));
    drain(socket);
    return answered;
  }

  private static void drain(PduSocket socket) throws IOException {
    while (socket.poll()) {
      socket.receive();
    }
  }

  /** A header whose fields are mostly plausible, with a data segment of the stated length. */
  private static byte[] pdu(Random random) {
    int length = random.nextInt(3) == 0 ? random.nextInt(600) : 0;
    byte[] pdu = new byte[48 + (length + 3 & ~3)];
    random.nextBytes(pdu);
    int opcode = OPCODES[random.nextInt(OPCODES.length)];
    pdu[0] = (byte) (opcode | (random.nextInt(3) == 0 ? 0x40 : 0));
    pdu[1] = (byte) (random.nextInt(4) == 0 ? random.nextInt() : 0x80 | random.nextInt(0x70));
    pdu[4] = (byte) (random.nextInt(40) == 0 ? random.nextInt(8) : 0);
    put24(pdu, 5, length);
    if (random.nextInt(8) != 0) {
      java.util.Arrays.fill(pdu, 8, 16, (byte) 0);
    }
    small(pdu, 16, random, 24); // ITT
    small(pdu, 20, random, opcode == 1 ? 8192 : 24);
    small(pdu, 24, random, 40); // CmdSN
    small(pdu, 28, random, 40); // ExpStatSN
    if (opcode == 1 && random.nextInt(8) != 0) {
      scsi(pdu, random);
    } else if (opcode != 1) {
      small(pdu, 36, random, 8);
      small(pdu, 40, random, 4096);
      small(pdu, 44, random, 64);
    }
    return pdu;
  }

  private static void scsi(byte[] pdu, Random random) {
    int[] opcodes = {0x28, 0x2A, 0x28, 0x2A, 0x35, 0x12, 0x42, 0x41, 0x5E, 0x5F, 0x89, 0xA0, 0x9E};
    java.util.Arrays.fill(pdu, 33, 48, (byte) 0);
    pdu[32] = (byte) opcodes[random.nextInt(opcodes.length)];
    pdu[1] = (byte) (0x80 | (random.nextBoolean() ? 0x40 : 0x20) | random.nextInt(5));
    pdu[36] = (byte) random.nextInt(9);
    pdu[40] = (byte) random.nextInt(20);
  }

  private static void small(byte[] pdu, int at, Random random, int bound) {
    int value =
        switch (random.nextInt(10)) {
          case 0 -> -1;
          case 1 -> random.nextInt();
          default -> random.nextInt(bound);
        };
    pdu[at] = (byte) (value >> 24);
    put24(pdu, at + 1, value);
  }

  private static void put24(byte[] pdu, int at, int value) {
    pdu[at] = (byte) (value >> 16);
    pdu[at + 1] = (byte) (value >> 8);
    pdu[at + 2] = (byte) value;
  }

  private static byte[] noise(Random random) {
    byte[] noise = new byte[1 + random.nextInt(300)];
    random.nextBytes(noise);
    return noise;
  }
}
