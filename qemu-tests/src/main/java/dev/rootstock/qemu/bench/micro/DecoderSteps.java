// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench.micro;

import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.MalformedPduException;
import dev.rootstock.target.pdu.Pdu;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.wire.PduFramer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** From received bytes to records, in one buffer as one read of the socket fills it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
public class DecoderSteps {
  private static final int COMMANDS = 32;
  private static final int DATA_OUTS = 4;
  private static final int DATA_BYTES = 8 << 10;

  /** READ(10) of 8 blocks, its address in bytes 2 to 5. */
  private static final long READ = 0x2800_0000_0000_0000L;

  private final ByteBuf commands = PooledByteBufAllocator.DEFAULT.directBuffer();
  private final ByteBuf dataOuts = PooledByteBufAllocator.DEFAULT.directBuffer();
  private final Sink sink = new Sink();
  private final EmbeddedChannel channel =
      new EmbeddedChannel(new PduFramer(InitiatorPdu::decode, DATA_BYTES), sink);

  /** Gives the PDUs up as they come. */
  private static final class Sink extends ChannelInboundHandlerAdapter {
    private int taken;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      Pdu pdu = (Pdu) message;
      taken += pdu.itt();
      pdu.release();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      throw new IllegalStateException("the benchmark's own PDUs are wrong", cause);
    }
  }

  /** Called by JMH. */
  public DecoderSteps() {
    for (int i = 0; i < COMMANDS; i++) {
      long cdb = READ | (long) i << 27;
      new ScsiCommand(
              false,
              true,
              true,
              false,
              ScsiCommand.SIMPLE,
              0,
              i,
              8 * 512,
              i,
              1,
              cdb,
              0x0008L << 48,
              Ahs.NONE,
              Unpooled.EMPTY_BUFFER)
          .encodeHeader(commands);
    }
    ByteBuf data = Unpooled.wrappedBuffer(new byte[DATA_BYTES]);
    for (int i = 0; i < DATA_OUTS; i++) {
      new DataOut(false, 0, i, Tag.NONE, 1, i, i * DATA_BYTES, data).encodeHeader(dataOuts);
      dataOuts.writeBytes(data.duplicate());
    }
  }

  /** Without the framer. */
  @Benchmark
  public Pdu command() throws MalformedPduException {
    return InitiatorPdu.decode(commands, 0, Unpooled.EMPTY_BUFFER);
  }

  @Benchmark
  @OperationsPerInvocation(COMMANDS)
  public int commands() {
    return receive(commands);
  }

  @Benchmark
  @OperationsPerInvocation(DATA_OUTS)
  public int dataOuts() {
    return receive(dataOuts);
  }

  private int receive(ByteBuf bytes) {
    channel.pipeline().fireChannelRead(bytes.readerIndex(0).retain());
    return sink.taken;
  }

  /** Called by JMH. */
  @TearDown
  public void close() {
    channel.finishAndReleaseAll();
    commands.release();
    dataOuts.release();
  }
}
