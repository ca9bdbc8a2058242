// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.store;

import dev.rootstock.images.Limits;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;

/**
 * The checksums of a disk: one of all its bytes, and one of each piece of {@link
 * Limits#CHECKSUM_PIECE_BYTES}, so that checking can be shared among processors and tell where the
 * damage is. Both are taken side by side while the disk is copied.
 */
final class Checksums {
  static final int BYTES = 32;

  private final MessageDigest whole = sha256();
  private final MessageDigest piece = sha256();
  private final ByteArrayOutputStream pieces = new ByteArrayOutputStream();
  private int inPiece;

  /** Takes the next bytes; their position is moved to their limit. */
  void add(ByteBuffer next) {
    ByteBuffer same = next.duplicate();
    // Not in the pool that all share: with two processors it has one thread, which may be waiting.
    CompletableFuture<Void> other =
        CompletableFuture.runAsync(() -> whole.update(same), Thread::startVirtualThread);
    while (next.hasRemaining()) {
      int count = Math.min(next.remaining(), Limits.CHECKSUM_PIECE_BYTES - inPiece);
      piece.update(next.slice(next.position(), count));
      next.position(next.position() + count);
      inPiece += count;
      if (inPiece == Limits.CHECKSUM_PIECE_BYTES) {
        endPiece();
      }
    }
    other.join();
  }

  private void endPiece() {
    pieces.writeBytes(piece.digest());
    inPiece = 0;
  }

  /** The end of the disk: its checksums. */
  Result end() {
    if (inPiece > 0) {
      endPiece();
    }
    return new Result(HexFormat.of().formatHex(whole.digest()), pieces.toByteArray());
  }

  /** What was found. */
  static final class Result {
    private final String sha256;
    private final byte[] pieces;

    private Result(String sha256, byte[] pieces) {
      this.sha256 = sha256;
      this.pieces = pieces;
    }

    /** Of all bytes, 64 lower-case hexadecimal digits. */
    String sha256() {
      return sha256;
    }

    /** {@value #BYTES} bytes for each piece, in order. */
    byte[] pieces() {
      return pieces;
    }
  }

  static String hex(byte[] content) {
    return HexFormat.of().formatHex(sha256().digest(content));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible); // every JDK has it
    }
  }
}
