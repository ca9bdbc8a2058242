// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.tftp;

import dev.rootstock.boot.files.BootFile;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One file on its way to one client, on a socket of its own that is connected to the client, so
 * that the kernel drops what others send (RFC 1350 §4). It runs on a virtual thread and waits
 * there.
 *
 * <p>What it sends without an answer is bounded: somebody who forges a request can make us send a
 * first packet or window {@link Limits#FIRST_REPETITIONS} times again, and that packet is small
 * when the request has options, since the answer is then the list of them.
 */
final class TftpTransfer {
  private static final long ECHO_NANOS = TimeUnit.MILLISECONDS.toNanos(Limits.ECHO_MILLIS);

  private final DatagramSocket socket;
  private final BootFile file;
  private final TftpOptions options;
  private final Window window;
  private final byte[] block;
  private final byte[] answer = new byte[Limits.REQUEST];
  private final long deadline =
      System.nanoTime() + TimeUnit.SECONDS.toNanos(Limits.TRANSFER_SECONDS);
  private long highest;
  private long sentAgain;

  /**
   * @param socket connected to the client
   */
  TftpTransfer(DatagramSocket socket, BootFile file, TftpOptions options) {
    this.socket = socket;
    this.file = file;
    this.options = options;
    this.window = new Window(file.size(), options.blockSize(), options.window());
    this.block = new byte[TftpPacket.DATA_HEADER + options.blockSize()];
  }

  /** How a transfer ended. */
  enum End {
    /** The client has all of it. */
    DONE,
    /** The client said that it wants no more; many ask for the size only. */
    CLIENT_ENDED,
    /** The client went silent, or asked for too much again. */
    LOST
  }

  /**
   * Sends the file.
   *
   * @throws IOException when the file or the socket fails; an unreachable port among the latter
   */
  End run() throws IOException {
    boolean heard = false;
    if (!options.acknowledged().isEmpty()) {
      End end = offerOptions();
      if (end != End.DONE) {
        return end;
      }
      heard = true;
    }
    int tries = 0;
    while (true) {
      int most = heard ? Limits.REPETITIONS : Limits.FIRST_REPETITIONS;
      if (tries > most
          || sentAgain > Limits.ALL_REPETITIONS + window.last()
          || System.nanoTime() > deadline) {
        return End.LOST;
      }
      sendWindow(heard);
      Outcome outcome = awaitProgress();
      switch (outcome) {
        case DONE -> {
          return End.DONE;
        }
        case CLIENT_ENDED -> {
          return End.CLIENT_ENDED;
        }
        case PROGRESS -> {
          heard = true;
          tries = 0;
        }
        case AGAIN -> tries++;
      }
    }
  }

  private enum Outcome {
    DONE,
    PROGRESS,
    AGAIN,
    CLIENT_ENDED
  }

  /** RFC 2347 §4: the client acknowledges the options as block 0. */
  private End offerOptions() throws IOException {
    byte[] offer = TftpPacket.optionAck(options.acknowledged());
    for (int tries = 0; tries <= Limits.FIRST_REPETITIONS; tries++) {
      send(offer, offer.length);
      long until = later();
      while (true) {
        TftpPacket packet = receive(until);
        if (packet instanceof TftpPacket.Ack ack && ack.block() == 0) {
          return End.DONE;
        }
        if (packet instanceof TftpPacket.Failure) {
          return End.CLIENT_ENDED;
        }
        if (packet == null) {
          break;
        }
      }
    }
    return End.LOST;
  }

  /** Before anybody has answered, one block is enough to find out whether there is somebody. */
  private void sendWindow(boolean heard) throws IOException {
    long end = heard ? window.end() : window.first();
    for (long each = window.first(); each <= end; each++) {
      long offset = (each - 1) * options.blockSize();
      int length = (int) Math.min(options.blockSize(), file.size() - offset);
      ByteBuffer into = ByteBuffer.wrap(block, 0, TftpPacket.DATA_HEADER + length);
      into.putShort((short) TftpPacket.DATA).putShort((short) Window.number(each));
      file.read(offset, into);
      send(block, TftpPacket.DATA_HEADER + length);
      if (each <= highest) {
        sentAgain++;
      }
      highest = Math.max(highest, each);
    }
  }

  /**
   * With a window a client may repeat its last acknowledgement to say that the next block was lost
   * (RFC 7440 §4), or because a window came twice. Sending at once would answer each echo with a
   * window, and each of its blocks with an echo; so what is on its way gets a moment to arrive.
   */
  private Outcome awaitProgress() throws IOException {
    long until = later();
    boolean repeated = false;
    while (true) {
      switch (receive(until)) {
        case null -> {
          return Outcome.AGAIN;
        }
        case TftpPacket.Ack ack -> {
          switch (window.acknowledge(ack.block())) {
            case DONE -> {
              return Outcome.DONE;
            }
            case PROGRESS -> {
              return Outcome.PROGRESS;
            }
            case REPEATED -> {
              if (!repeated) {
                repeated = true;
                until = Math.min(until, System.nanoTime() + ECHO_NANOS);
              }
            }
            case STALE -> {}
          }
        }
        case TftpPacket.Failure _ -> {
          return Outcome.CLIENT_ENDED;
        }
        case TftpPacket.Read _, TftpPacket.Write _ -> {}
      }
    }
  }

  private long later() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(options.timeoutSeconds());
  }

  private void send(byte[] bytes, int length) throws IOException {
    socket.send(new DatagramPacket(bytes, length));
  }

  /** The next packet that can be read; null when none came in time. */
  private @Nullable TftpPacket receive(long until) throws IOException {
    while (true) {
      long millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      if (millis <= 0) {
        return null;
      }
      socket.setSoTimeout((int) millis);
      DatagramPacket packet = new DatagramPacket(answer, answer.length);
      try {
        socket.receive(packet);
        return TftpPacket.parse(ByteBuffer.wrap(answer, 0, packet.getLength()));
      } catch (SocketTimeoutException e) {
        return null;
      } catch (MalformedTftpException e) {
        // Not from our client, or of no use: it does not count.
      }
    }
  }
}
