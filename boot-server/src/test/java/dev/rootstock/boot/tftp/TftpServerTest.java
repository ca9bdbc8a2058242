// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rootstock.boot.files.BootFiles;
import java.io.ByteArrayOutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server on loopback, asked packet by packet. */
class TftpServerTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final int PATIENCE_SECONDS = 60;

  /** Bytes of a refusal: with its headers little more than the smallest Ethernet frame. */
  private static final int SHORT = 32;

  @TempDir private Path root;
  private final BlockingQueue<String> fetched = new ArrayBlockingQueue<>(10);
  private TftpServer server;
  private DatagramSocket client;
  private InetSocketAddress peer;

  @BeforeEach
  void start() throws Exception {
    server =
        TftpServer.start(
            new InetSocketAddress(HERE, 0),
            BootFiles.in(root),
            InetAddress::isLoopbackAddress,
            (address, file, bytes) -> fetched.add(file + " " + bytes));
    client = new DatagramSocket(new InetSocketAddress(HERE, 0));
    client.setSoTimeout(1_000 * PATIENCE_SECONDS);
    peer = server.address();
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private byte[] file(String name, int length) throws Exception {
    byte[] content = new byte[length];
    new Random(length).nextBytes(content);
    Files.write(root.resolve(name), content);
    return content;
  }

  private void send(InetSocketAddress to, String text) throws Exception {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    client.send(new DatagramPacket(bytes, bytes.length, to));
  }

  private ByteBuffer receive() throws Exception {
    DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
    client.receive(packet);
    peer = (InetSocketAddress) packet.getSocketAddress();
    return ByteBuffer.wrap(packet.getData(), 0, packet.getLength());
  }

  /** Every packet that was sent: on loopback what a transfer sent has come once it has ended. */
  private List<ByteBuffer> untilAllHaveEnded() throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (server.underWay() > 0) {
      assertTrue(System.nanoTime() < until, "a transfer does not end");
      Thread.sleep(5);
    }
    client.setSoTimeout(1);
    List<ByteBuffer> came = new ArrayList<>();
    try {
      while (true) {
        came.add(receive());
      }
    } catch (SocketTimeoutException e) {
      return came;
    }
  }

  private List<ByteBuffer> firstAndAllOthers() throws Exception {
    List<ByteBuffer> came = new ArrayList<>();
    came.add(receive()); // the transfer is under way
    came.addAll(untilAllHaveEnded());
    return came;
  }

  private static byte[] content(ByteBuffer data) {
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    return bytes;
  }

  private void acknowledge(int block) throws Exception {
    byte[] ack = ByteBuffer.allocate(4).putShort((short) 4).putShort((short) block).array();
    client.send(new DatagramPacket(ack, 4, peer));
  }

  @Test
  void aFileArrivesBlockByBlock() throws Exception {
    byte[] content = file("boot", 1_024);
    send(server.address(), "\0\1boot\0octet\0");
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    for (int block = 1; block <= 3; block++) {
      ByteBuffer data = receive();
      assertEquals(3 << 16 | block, data.getInt());
      got.writeBytes(content(data));
      acknowledge(block);
    }
    assertArrayEquals(content, got.toByteArray());
    assertEquals("boot 1024", fetched.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  /** RFC 7440 §4: a lost block is sent again from where the client says. */
  @Test
  void aWindowIsSentAtOnceAndGoesOnWhereABlockWasLost() throws Exception {
    byte[] content = file("boot", 100_000);
    send(server.address(), "\0\1boot\0octet\0blksize\0001024\0windowsize\0008\0");
    assertEquals(
        "\0\6blksize\0001024\0windowsize\0008\0",
        StandardCharsets.ISO_8859_1.decode(receive()).toString());
    acknowledge(0);
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    long expected = 1;
    boolean dropped = false;
    while (got.size() < content.length) {
      ByteBuffer data = receive();
      int block = data.getInt() & 0xFFFF;
      int length = data.remaining();
      if (block == 5 && !dropped) {
        dropped = true; // and with it the rest of the window, which is out of order
      } else if (block == expected) {
        got.writeBytes(content(data));
        expected++;
      }
      boolean windowEnds = (block - (dropped ? 4 : 0)) % 8 == 0 || (block == 8 && expected == 5);
      if (windowEnds || length < 1024) {
        acknowledge((int) expected - 1);
      }
    }
    assertArrayEquals(content, got.toByteArray());
    assertTrue(dropped);
  }

  /**
   * Takes a file as a client with a window does: it acknowledges each window's end, and where
   * nothing more comes what it has.
   */
  private byte[] fetchByWindows(int size, int blockSize, int window, int echoes) throws Exception {
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    client.setSoTimeout(3_000);
    int have = 0;
    int patience = 20;
    while (true) {
      ByteBuffer data;
      try {
        data = receive();
      } catch (SocketTimeoutException e) {
        assertTrue(patience-- > 0, "the transfer ended at block " + have);
        acknowledge(have);
        continue;
      }
      boolean next = data.getInt() == (3 << 16 | (have + 1 & 0xFFFF));
      if (!next) {
        continue;
      }
      boolean last = data.remaining() < blockSize;
      got.writeBytes(content(data));
      have++;
      if (last || have % window == 0) {
        for (int i = 0; i <= echoes; i++) {
          acknowledge(have);
        }
      }
      if (last) {
        assertEquals(size, got.size());
        return got.toByteArray();
      }
    }
  }

  /** RFC 1123 §4.2.3.1: echoes neither multiply the windows nor use up the transfer's patience. */
  @Test
  void acknowledgementsThatComeManyTimesAreNoLosses() throws Exception {
    byte[] content = file("boot", 100_000);
    send(server.address(), "\0\1boot\0octet\0blksize\0001024\0windowsize\0008\0");
    receive();
    acknowledge(0);
    assertArrayEquals(content, fetchByWindows(content.length, 1_024, 8, 20));
  }

  @Test
  void blockNumbersGoOnBehind65535() throws Exception {
    byte[] content = file("boot", 8 * 65_600 + 1);
    send(server.address(), "\0\1boot\0octet\0blksize\0008\0windowsize\00032\0");
    receive();
    acknowledge(0);
    assertArrayEquals(content, fetchByWindows(content.length, 8, 32, 0));
  }

  /** ROMs ask for the size first, end that, and go on from the same port. */
  @Test
  void anotherRequestFromTheSamePortIsAnsweredWhileTheFirstIsOpen() throws Exception {
    file("boot", 10);
    send(server.address(), "\0\1boot\0octet\0tsize\0000\0");
    assertEquals(6, receive().getShort());
    send(server.address(), "\0\1boot\0octet\0");
    // The first answer may come again meanwhile.
    for (int packets = 0; packets <= Limits.FIRST_REPETITIONS; packets++) {
      if (receive().getInt() == (3 << 16 | 1)) {
        acknowledge(1);
        assertEquals("boot 10", fetched.poll(PATIENCE_SECONDS, TimeUnit.SECONDS));
        return;
      }
    }
    fail("the second request got no answer");
  }

  /**
   * RFC 7440 §6: a request in somebody else's name. Whatever window and block it asks for, what
   * goes out before an answer is the list of options and its repetitions.
   */
  @Test
  void aForgedRequestForManyLongBlocksIsAnsweredByFewShortPackets() throws Exception {
    file("boot", 1 << 20);
    send(server.address(), "\0\1boot\0octet\0blksize\0001468\0windowsize\000065535\0tsize\0000\0");
    List<ByteBuffer> sent = firstAndAllOthers();
    assertEquals(1 + Limits.FIRST_REPETITIONS, sent.size());
    String options = "\0\6blksize\0001468\0windowsize\00032\0tsize\0001048576\0";
    for (ByteBuffer each : sent) {
      assertEquals(options, StandardCharsets.ISO_8859_1.decode(each).toString());
    }
  }

  /** The same without options: one block, never the next. */
  @Test
  void aForgedRequestWithoutOptionsIsAnsweredByItsFirstBlockOnly() throws Exception {
    file("boot", 1 << 20);
    send(server.address(), "\0\1boot\0octet\0");
    List<ByteBuffer> sent = firstAndAllOthers();
    assertEquals(1 + Limits.FIRST_REPETITIONS, sent.size());
    for (ByteBuffer each : sent) {
      assertEquals(4 + Limits.BLOCK, each.remaining());
      assertEquals(3 << 16 | 1, each.getInt());
    }
  }

  /** Who has proved that it receives, and goes silent, gets one window so many times. */
  @Test
  void aClientThatGoesSilentGetsItsWindowAFewTimes() throws Exception {
    file("boot", 1 << 20);
    send(server.address(), "\0\1boot\0octet\0blksize\0008\0windowsize\000065535\0timeout\0001\0");
    assertEquals(6, receive().getShort());
    acknowledge(0);
    List<ByteBuffer> sent = untilAllHaveEnded();
    assertEquals(Limits.WINDOW * (1 + Limits.REPETITIONS), sent.size());
    for (ByteBuffer each : sent) {
      int block = each.getInt() & 0xFFFF;
      assertTrue(block >= 1 && block <= Limits.WINDOW, "block " + block);
    }
  }

  /** What anybody can ask for in another's name is short, and has a rate. */
  @Test
  void refusalsHaveARate() throws Exception {
    file("boot", 10);
    String request = "\0\2boot\0octet\0";
    long begun = System.nanoTime();
    for (int i = 0; i < Limits.ERROR_BURST; i++) {
      send(server.address(), request);
      ByteBuffer refusal = receive();
      assertEquals(5 << 16 | 2, refusal.getInt(0));
      assertTrue(refusal.remaining() <= SHORT, "it amplifies");
    }
    for (int i = 0; i < Limits.ERROR_BURST; i++) {
      send(server.address(), request);
    }
    // Requests are looked at in their order: its block says that all of them were.
    send(server.address(), "\0\1boot\0octet\0");
    int refused = 0;
    while (receive().getShort(0) == 5) {
      refused++;
    }
    acknowledge(1);
    double seconds = (System.nanoTime() - begun) / 1e9;
    assertTrue(
        refused <= Limits.ERRORS_PER_SECOND * seconds + 1, refused + " in " + seconds + " s");
  }

  /** RFC 1350 §2: what is not acknowledged is sent again; to somebody unheard of not for long. */
  @Test
  void silenceIsRepeatedToAndGivenUp() throws Exception {
    file("boot", 10);
    send(server.address(), "\0\1boot\0octet\0");
    ByteBuffer first = receive();
    List<ByteBuffer> again = untilAllHaveEnded();
    assertEquals(Collections.nCopies(Limits.FIRST_REPETITIONS, first), again);
    assertTrue(fetched.isEmpty());
  }

  /** Requests are looked at in their order: once the last is refused, the second has been seen. */
  @Test
  void aRepeatedRequestGetsNoSecondTransfer() throws Exception {
    file("boot", 10);
    send(server.address(), "\0\1boot\0octet\0");
    send(server.address(), "\0\1boot\0octet\0");
    send(server.address(), "\0\2boot\0octet\0");
    Set<InetSocketAddress> from = new HashSet<>();
    boolean refused = false;
    while (!refused || from.isEmpty()) {
      if (receive().getShort() == 3) {
        from.add(peer);
      } else {
        refused = true;
      }
    }
    peer = from.iterator().next();
    acknowledge(1);
    for (ByteBuffer late : untilAllHaveEnded()) {
      assertEquals(3 << 16 | 1, late.getInt());
      from.add(peer);
    }
    assertEquals(1, from.size());
    assertTrue(fetched.size() <= 1);
  }

  @Test
  void whatIsNotThereIsSaidSo() throws Exception {
    send(server.address(), "\0\1../../etc/passwd\0octet\0");
    assertEquals(
        "\0\5\0\1no such file\0", StandardCharsets.ISO_8859_1.decode(receive()).toString());
  }

  @Test
  void writingIsRefused() throws Exception {
    send(server.address(), "\0\2boot\0octet\0");
    assertEquals(5 << 16 | 2, receive().getInt());
    try (var files = Files.list(root)) {
      assertEquals(0, files.count());
    }
  }

  /** Answers to errors and acknowledgements would let two servers talk for ever. */
  @Test
  void garbageGetsNoAnswerAndTheNextRequestDoes() throws Exception {
    file("boot", 10);
    Random random = new Random(1350);
    for (int round = 0; round < 500; round++) {
      byte[] bytes = new byte[random.nextInt(600)];
      random.nextBytes(bytes);
      if (bytes.length > 1) {
        bytes[0] = 0;
        bytes[1] = (byte) (3 + random.nextInt(5));
      }
      client.send(new DatagramPacket(bytes, bytes.length, server.address()));
    }
    // The garbage may have filled the socket: as every client does, ask until there is an answer.
    client.setSoTimeout(1_000);
    for (int tries = 0; tries < PATIENCE_SECONDS; tries++) {
      send(server.address(), "\0\1boot\0octet\0");
      try {
        assertEquals(3 << 16 | 1, receive().getInt());
        return;
      } catch (SocketTimeoutException e) {
        // once more
      }
    }
    fail("no answer after the garbage");
  }

  @Test
  void strangersFromElsewhereGetNothing() throws Exception {
    file("boot", 10);
    Semaphore asked = new Semaphore(0);
    try (TftpServer closed =
        TftpServer.start(
            new InetSocketAddress(HERE, 0),
            BootFiles.in(root),
            address -> {
              asked.release();
              return false;
            },
            (a, f, b) -> {})) {
      send(closed.address(), "\0\1boot\0octet\0");
      send(closed.address(), "\0\1boot\0octet\0");
      // The server comes to the second once it is done with the first.
      assertTrue(asked.tryAcquire(2, PATIENCE_SECONDS, TimeUnit.SECONDS));
      assertEquals(0, closed.underWay());
      client.setSoTimeout(1);
      assertThrows(SocketTimeoutException.class, this::receive);
    }
  }

  /** Their long time-out keeps the first ones open until the last one asks. */
  @Test
  void oneAddressGetsFewTransfersAtOnce() throws Exception {
    file("boot", 10);
    DatagramSocket[] many = new DatagramSocket[Limits.TRANSFERS_TO_ONE + 1];
    byte[] request = "\0\1boot\0octet\0timeout\00016\0".getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < many.length; i++) {
      many[i] = new DatagramSocket(new InetSocketAddress(HERE, 0));
      many[i].setSoTimeout(1_000 * PATIENCE_SECONDS);
      many[i].send(new DatagramPacket(request, request.length, server.address()));
    }
    int refused = 0;
    for (DatagramSocket each : many) {
      DatagramPacket answer = new DatagramPacket(new byte[600], 600);
      each.receive(answer);
      refused += answer.getData()[1] == 5 ? 1 : 0;
    }
    Arrays.stream(many).forEach(DatagramSocket::close);
    assertEquals(1, refused);
  }
}
