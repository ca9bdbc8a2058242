// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench.micro;

import dev.rootstock.target.wire.Digest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A digest (RFC 7143 §13.1) of bytes in a pooled direct buffer. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
public class DigestSteps {
  /** The name of the parameter. */
  static final String BYTES = "bytes";

  private static final int MOST = 64 << 10;

  /** How many of them; set by JMH. */
  @Param("48")
  public int bytes;

  private final ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(MOST);
  private final Digest digest = new Digest();

  /** Called by JMH. */
  public DigestSteps() {
    byte[] content = new byte[MOST];
    new Random(1).nextBytes(content);
    buffer.writeBytes(content);
  }

  @Benchmark
  public int digest() {
    return digest.of(buffer, 0, bytes);
  }

  /** Called by JMH. */
  @TearDown
  public void close() {
    buffer.release();
  }
}
