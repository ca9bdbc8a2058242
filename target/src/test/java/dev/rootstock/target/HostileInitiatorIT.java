// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.initiator.PduSocket;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.wire.Digest;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Initiators that mean harm: valid and invalid PDUs at random, in each state that a connection can
 * be led into, cut off anywhere. Meanwhile another client writes and reads, and gets what it wrote;
 * afterwards no session, no lease and no buffer is left.
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

  /** What is said in the midst of CHAP. */
  private static final String[] CHAP = {
    "CHAP_N=client-1\0CHAP_R=0x0123456789abcdef0123456789abcdef",
    "CHAP_N=client-1",
    "CHAP_R=0x00",
    "CHAP_A=5,6,7,8",
    "CHAP_A=4711",
    "CHAP_I=1\0CHAP_C=0x1234",
    "AuthMethod=None",
    "MaxConnections=8",
    "",
  };

  /** What an attack begins with (RFC 7143 §8): the state that its random PDUs meet. */
  private enum Opening {
    NOTHING,
    SECURITY,
    DISCOVERY,
    SESSION,
    JOINED,
    RECOVERABLE,
    DIGESTS
  }

  /** Each target has its own disk and takes whoever comes. */
  private static final class OpenHouse implements Admission {
    private final Queue<OpenAdmission.TestLease> leases = new ConcurrentLinkedQueue<>();
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
    public CompletionStage<Optional<Refused>> join(LoginRequest request, Lease lease) {
      return CompletableFuture.completedStage(Optional.empty());
    }

    @Override
    public CompletionStage<List<String>> targets(DiscoveryRequest request) {
      return CompletableFuture.completedStage(List.of(TARGET + "attacked"));
    }
  }

  private volatile boolean over;
  private final LongAdder connections = new LongAdder();
  private final LongAdder pdus = new LongAdder();

  /** How often attacks have come to each state. */
  private final Map<Opening, Integer> reached = new ConcurrentSkipListMap<>();

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
        int attacker = i;
        attacks.add(attackers.submit(() -> attack(portal, attacker, random)));
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
    assertEquals(Set.of(Opening.values()), reached.keySet());
    house.leases.forEach(lease -> assertEquals(1, lease.endings().size()));
    TestServer.await(
        "every buffer is given back",
        () -> PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() == 0);
    System.out.printf(
        "long: hostile initiator: %d s, seed %d, %d connections, %d PDUs, %d leases,"
            + " %d rounds of another client, attacks %s%n",
        TIME.toSeconds(),
        SEED,
        connections.sum(),
        pdus.sum(),
        house.leases.size(),
        served,
        reached);
  }

  /**
   * Writes and reads back until the time is over, {@link #ROUNDS} times at least, and until the
   * attackers have been everywhere, which may take {@link #PATIENCE} more; each answer comes within
   * that.
   */
  private long serveHonest(InetSocketAddress portal, long end) throws IOException {
    Random random = new Random(SEED - 1);
    LoginOptions options = LoginOptions.normal(TestServer.INITIATOR, TARGET + "honest");
    Initiator honest = Initiator.login(portal, options, PATIENCE);
    honest.read(0, new byte[6], 0);
    long rounds = 0;
    try (PduSocket socket = honest.socket()) {
      socket.timeout(PATIENCE);
      while (System.nanoTime() < end
          || rounds < ROUNDS
          || (reached.size() < Opening.values().length
              && System.nanoTime() < end + PATIENCE.toNanos())) {
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

  private void attack(InetSocketAddress portal, int attacker, Random random) {
    for (int i = attacker; !over; i++) {
      Opening opening = Opening.values()[i % Opening.values().length];
      try (PduSocket socket = connect(portal);
          PduSocket leading = connect(portal)) {
        if (open(socket, leading, opening, attacker, random)) {
          reached.merge(opening, 1, Integer::sum);
          attack(socket, opening, random);
        }
        if (random.nextBoolean()) {
          socket.reset();
        }
      } catch (IOException refused) {
        // That is what the server is for.
      }
    }
  }

  private PduSocket connect(InetSocketAddress portal) throws IOException {
    PduSocket socket = PduSocket.connect(portal, Duration.ofSeconds(2));
    connections.increment();
    return socket;
  }

  private void attack(PduSocket socket, Opening opening, Random random) throws IOException {
    socket.timeout(Duration.ofMillis(2));
    boolean digests = opening == Opening.DIGESTS;
    for (int i = random.nextInt(opening == Opening.NOTHING ? 4 : 200); i > 0; i--) {
      byte[] pdu;
      if (random.nextInt(200) == 0) {
        pdu = noise(random);
      } else if (opening == Opening.SECURITY && random.nextInt(8) != 0) {
        pdu = login(random.nextBoolean() ? 0x00 : 0x81, 0, 0, 0, CHAP[random.nextInt(CHAP.length)]);
      } else {
        pdu = pdu(random);
      }
      socket.sendBytes(digests ? digested(pdu, random) : pdu);
      pdus.increment();
      if (random.nextInt(4) == 0) {
        drain(socket);
      }
    }
  }

  /** Leads a connection into a state; false when it did not come to that. */
  private static boolean open(
      PduSocket socket, PduSocket leading, Opening opening, int attacker, Random random)
      throws IOException {
    String names =
        "InitiatorName=iqn.2001-04.com.example:attacker\0TargetName=" + TARGET + "attacked\0";
    // At recovery level 2 their sessions outlive their connections; not for long.
    String times = "DefaultTime2Wait=0\0DefaultTime2Retain=1\0";
    // Sessions of one ISID reinstate each other.
    int isid = opening == Opening.SECURITY ? 0 : random.nextInt(4);
    return switch (opening) {
      case NOTHING -> true;
      case SECURITY ->
          answer(socket, login(0x00, isid, 0, 0, names + "AuthMethod=CHAP\0")) != null
              && has(answer(socket, login(0x00, isid, 0, 0, "CHAP_A=5\0")), "CHAP_C=");
      case DISCOVERY ->
          isOpen(
              answer(
                  socket,
                  login(
                      0x87,
                      isid,
                      0,
                      0,
                      "InitiatorName=iqn.2001-04.com.example:attacker\0SessionType=Discovery\0")));
      case SESSION -> {
        StringBuilder text = new StringBuilder(names + times);
        for (int i = random.nextInt(6); i > 0; i--) {
          text.append(KEYS[random.nextInt(KEYS.length)]).append('\0');
        }
        yield isOpen(answer(socket, login(0x87, isid, 0, 0, text.toString())));
      }
      case JOINED -> {
        String several = names + times + "MaxConnections=8\0ErrorRecoveryLevel=1\0";
        LoginResponse first = answer(leading, login(0x87, 16 + attacker, 0, 0, several));
        yield first != null
            && isOpen(first)
            && isOpen(answer(socket, login(0x87, 16 + attacker, first.tsih(), 1, names)));
      }
      case RECOVERABLE ->
          isOpen(answer(socket, login(0x87, isid, 0, 0, names + times + "ErrorRecoveryLevel=2\0")));
      case DIGESTS -> {
        String digests = "HeaderDigest=CRC32C\0DataDigest=CRC32C\0ErrorRecoveryLevel=1\0";
        boolean open = isOpen(answer(socket, login(0x87, isid, 0, 0, names + times + digests)));
        socket.digests(new Digests(true, true));
        yield open;
      }
    };
  }

  private static @Nullable LoginResponse answer(PduSocket socket, byte[] request)
      throws IOException {
    socket.sendBytes(request);
    return socket.receive() instanceof LoginResponse response && response.status() == 0
        ? response
        : null;
  }

  /** Whether the full feature phase has begun. */
  private static boolean isOpen(@Nullable LoginResponse response) {
    return response != null && response.transit() && response.nextStage() == 3;
  }

  private static boolean has(@Nullable LoginResponse response, String key) {
    return response != null && response.data().toString(StandardCharsets.UTF_8).contains(key);
  }

  /**
   * A login request.
   *
   * @param flags T, C, CSG and NSG (RFC 7143 §11.12)
   */
  private static byte[] login(int flags, int isid, int tsih, int cid, String text) {
    byte[] data = text.getBytes(StandardCharsets.UTF_8);
    byte[] pdu = new byte[48 + (data.length + 3 & ~3)];
    pdu[0] = 0x43;
    pdu[1] = (byte) flags;
    put24(pdu, 5, data.length);
    pdu[8] = (byte) 0x80;
    pdu[13] = (byte) isid;
    pdu[14] = (byte) (tsih >> 8);
    pdu[15] = (byte) tsih;
    pdu[21] = (byte) cid;
    System.arraycopy(data, 0, pdu, 48, data.length);
    return pdu;
  }

  /** A PDU with its digests, one of which is sometimes wrong. */
  private static byte[] digested(byte[] pdu, Random random) {
    if (pdu.length < 48) {
      return pdu;
    }
    int header = Math.min(pdu.length, 48 + 4 * (pdu[4] & 0xFF));
    ByteBuf in = Unpooled.wrappedBuffer(pdu);
    ByteBuf out = Unpooled.buffer(pdu.length + 8);
    int wrong = random.nextInt(50);
    out.writeBytes(pdu, 0, header).writeInt(new Digest().of(in, 0, header) ^ (wrong == 0 ? 1 : 0));
    if (pdu.length > header) {
      int data = new Digest().of(in, header, pdu.length - header);
      out.writeBytes(pdu, header, pdu.length - header).writeInt(data ^ (wrong < 5 ? 1 : 0));
    }
    return Arrays.copyOf(out.array(), out.writerIndex());
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
      Arrays.fill(pdu, 8, 16, (byte) 0);
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
    Arrays.fill(pdu, 33, 48, (byte) 0);
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
