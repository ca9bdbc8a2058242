// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.block.BlockDevice;
import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import dev.rootstock.images.block.Update;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A device as a test likes it: each call waits for its end and throws the failure. */
public record Disk(BlockDevice device) {
  private static final long PATIENCE_SECONDS = 60;

  public byte[] read(long offset, int length) throws BlockIoException {
    ByteBuffer into = ByteBuffer.allocateDirect(length);
    await(done -> device.read(offset, into, done));
    if (into.hasRemaining()) {
      throw new AssertionError("the read left " + into.remaining() + " bytes");
    }
    return bytes(into);
  }

  /** What tryRead gives, or null when it gives nothing. */
  public byte @Nullable [] tryRead(long offset, int length) {
    ByteBuffer into = ByteBuffer.allocateDirect(length + 16);
    into.position(8).limit(8 + length);
    boolean done = device.tryRead(offset, into);
    if (into.limit() != 8 + length || into.position() != (done ? 8 + length : 8)) {
      throw new AssertionError("tryRead " + done + " left the buffer at " + into);
    }
    return done ? bytes(into.slice(8, length).position(length)) : null;
  }

  public void write(long offset, byte... data) throws BlockIoException {
    await(write(offset, data, Durability.CACHED));
  }

  public void force(long offset, byte... data) throws BlockIoException {
    await(write(offset, data, Durability.FORCED));
  }

  /** Begins a write of which the future tells the end. */
  public CompletableFuture<@Nullable BlockIoException> write(
      long offset, byte[] data, Durability durability) {
    ByteBuffer direct = ByteBuffer.allocateDirect(data.length).put(data).flip();
    return begin(done -> device.write(offset, new ByteBuffer[] {direct}, durability, done));
  }

  public void flush() throws BlockIoException {
    await(device::flush);
  }

  public void discard(long offset, long length) throws BlockIoException {
    await(done -> device.discard(offset, length, done));
  }

  /** Runs an update of {@code length} bytes. */
  public void update(long offset, int length, Update change) throws BlockIoException {
    ByteBuffer scratch = ByteBuffer.allocateDirect(length);
    await(done -> device.update(offset, scratch, change, Durability.CACHED, done));
  }

  public static void await(Consumer<IoCompletion> operation) throws BlockIoException {
    await(begin(operation));
  }

  public static CompletableFuture<@Nullable BlockIoException> begin(
      Consumer<IoCompletion> operation) {
    CompletableFuture<@Nullable BlockIoException> ended = new CompletableFuture<>();
    operation.accept(
        failure -> {
          if (!ended.complete(failure)) {
            throw new AssertionError("completed twice");
          }
        });
    return ended;
  }

  public static void await(CompletableFuture<@Nullable BlockIoException> ended)
      throws BlockIoException {
    BlockIoException failure;
    try {
      failure = ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException broken) {
      throw new AssertionError("the operation never ended", broken);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static byte[] bytes(ByteBuffer filled) {
    byte[] bytes = new byte[filled.position()];
    filled.get(0, bytes);
    return bytes;
  }
}
