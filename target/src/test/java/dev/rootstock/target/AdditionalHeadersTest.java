// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.Residual;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands with additional header segments (RFC 7143 §11.2.2), with a header digest and without.
 */
class AdditionalHeadersTest {
  private final MemoryBlockDevice disk = new MemoryBlockDevice(1 << 20);
  @AutoClose private final TestServer server;

  AdditionalHeadersTest() throws IOException {
    server = TestServer.of(disk);
  }

  private static LoginOptions options(String digest) {
    return TestServer.options().with("HeaderDigest", digest).with("DataDigest", digest);
  }

  private static ScsiCommand send(
      Initiator initiator, boolean read, boolean write, byte[] cdb, int length, Ahs ahs, int data)
      throws IOException {
    ByteBuf immediate = Unpooled.wrappedBuffer(new byte[data]);
    ScsiCommand c = initiator.command(0, cdb, read, write, length, immediate);
    ScsiCommand command =
        new ScsiCommand(
            false,
            true,
            read,
            write,
            c.attribute(),
            0,
            c.itt(),
            length,
            c.cmdSn(),
            c.expStatSn(),
            c.cdbHigh(),
            c.cdbLow(),
            ahs,
            immediate);
    initiator.socket().send(command);
    return command;
  }

  /** §11.2.2.4, §11.4.6: refused, with the residuals of both directions; its data are taken. */
  @ParameterizedTest
  @ValueSource(strings = {"None", "CRC32C"})
  void aCommandWithDataBothWaysIsRefused(String digest) throws Exception {
    Initiator initiator = server.login(options(digest));
    // XDWRITEREAD(10).
    byte[] cdb = {0x53, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    Ahs ahs = new Ahs(ByteBuffer.allocate(0), 4096);
    send(initiator, true, true, cdb, 512, ahs, 512);
    ScsiResponse response = assertInstanceOf(ScsiResponse.class, initiator.receive());
    assertEquals(2, response.status());
    assertEquals(0x20, response.data().getByte(response.data().readerIndex() + 2 + 12));
    assertEquals(new Residual(false, 512), response.residual());
    assertEquals(new Residual(false, 4096), response.bidirectionalRead());
    assertTrue(initiator.readBlocks(0, 0, 1).good());
  }

  /** SPC-4 §4.3.3: a variable length CDB is whole, and unknown. */
  @ParameterizedTest
  @ValueSource(strings = {"None", "CRC32C"})
  void anExtendedCdbIsRead(String digest) throws Exception {
    Initiator initiator = server.login(options(digest));
    byte[] variable = new byte[16];
    variable[0] = 0x7F;
    variable[7] = (byte) 244;
    Ahs ahs = new Ahs(ByteBuffer.wrap(new byte[244]), Ahs.ABSENT);
    ScsiCommand unknown = send(initiator, true, false, variable, 512, ahs, 0);
    assertEquals("05/20/00", initiator.await(unknown.itt(), new byte[0]).senseCode());
    // What lies behind a command's own length is no part of it.
    byte[] read10 = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    ScsiCommand read = send(initiator, true, false, read10, 512, ahs, 0);
    assertArrayEquals(new byte[512], initiator.await(read.itt(), new byte[0]).data());
  }
}
