// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.login;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.OpenAdmission;
import dev.rootstock.target.Portal;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import dev.rootstock.target.pdu.Bhs;
import dev.rootstock.target.pdu.InitiatorPdu;
import dev.rootstock.target.pdu.Opcode;
import dev.rootstock.target.session.Portals;
import dev.rootstock.target.session.Sessions;
import dev.rootstock.target.text.TextKey;
import dev.rootstock.target.wire.Limits;
import dev.rootstock.target.wire.MemoryBudget;
import dev.rootstock.target.wire.PduFramer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * A login by a stranger who knows the words and not the grammar: every request gets one answer at
 * most, a refusal closes, and when the connection is gone its session and its buffers are.
 */
class LoginFuzzTest {
  private static final String[] VALUES = {
    "Yes",
    "No",
    "None",
    "CHAP",
    "CHAP,None",
    "CRC32C",
    "CRC32C,None",
    "Normal",
    "Discovery",
    OpenAdmission.TARGET,
    "iqn.2001-04.com.example:fuzz",
    "0",
    "1",
    "512",
    "65536",
    "16777215",
    "0x1000",
    "Reject",
    "NotUnderstood",
    "5",
    "5,6,7,8",
    "All",
  };

  private static final class Loopback extends EmbeddedChannel {
    private static final SocketAddress ADDRESS =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 3260);

    @Override
    public SocketAddress remoteAddress() {
      return ADDRESS;
    }

    @Override
    public SocketAddress localAddress() {
      return ADDRESS;
    }
  }

  /** One for all inputs: an arena of its own for each would outrun the garbage collector. */
  private static final PooledByteBufAllocator ALLOCATOR = new PooledByteBufAllocator(true);

  private static final List<ChapAccount> ACCOUNTS =
      List.of(
          new ChapAccount(
              new ChapCredentials("None", new ChapSecret(new byte[12])),
              new ChapCredentials("5", new ChapSecret(new byte[13]))));

  @FuzzTest(maxDuration = "10m")
  void aLoginEndsWithoutTraces(FuzzedDataProvider input) {
    OpenAdmission admission = new OpenAdmission(new MemoryBlockDevice(4096));
    Challenges challenges = new Challenges();
    boolean anonymous = input.consumeBoolean();
    admission.ask(new Authentication(anonymous, input.consumeBoolean() ? ACCOUNTS : List.of()));
    Sessions sessions =
        new Sessions(
            admission,
            new MemoryBudget(1 << 20),
            new Portals(List.of(new Portal(new InetSocketAddress(0)))));
    EmbeddedChannel channel = new Loopback();
    channel.config().setAllocator(ALLOCATOR);
    channel
        .pipeline()
        .addLast("framer", new PduFramer(InitiatorPdu::decode, Limits.LOGIN_DATA_SEGMENT))
        .addLast(
            "login", new LoginHandler(sessions, 1, challenges, Duration.ofSeconds(5), () -> {}));
    channel.pipeline().fireChannelActive();
    for (int i = 0; i < 24 && channel.isActive() && input.remainingBytes() > 0; i++) {
      channel.writeInbound(request(input));
      channel.runPendingTasks();
      channel.checkException();
      int answers = 0;
      for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
        answers += out.isReadable() ? 1 : 0;
        out.release();
      }
      assertTrue(answers <= 1 || !channel.isActive() || admission.leases().size() > 0);
    }
    channel.finishAndReleaseAll();
    channel.runPendingTasks();
    assertEquals(0, sessions.open(OpenAdmission.TARGET).size());
    admission.leases().forEach(lease -> assertEquals(1, lease.endings().size()));
    assertEquals(0, challenges.size());
    assertTrue(anonymous || admission.leases().isEmpty(), "nobody could know the secret");
    assertEquals(0, ALLOCATOR.pinnedDirectMemory());
  }

  private static ByteBuf request(FuzzedDataProvider input) {
    byte[] text = text(input);
    ByteBuf pdu = ALLOCATOR.directBuffer();
    int opcode = input.consumeInt(0, 9) == 0 ? input.consumeInt(0, 0x3F) : Opcode.LOGIN_REQUEST;
    pdu.writeByte(opcode | 0x40);
    pdu.writeByte(input.consumeBoolean() ? 0x87 : input.consumeByte());
    pdu.writeShort(0);
    pdu.writeInt(text.length);
    pdu.writeLong(0x4000_2723_0001_0000L | (input.consumeInt(0, 9) == 0 ? 1 : 0));
    pdu.writeInt(1);
    pdu.writeInt(0);
    pdu.writeInt(1);
    pdu.writeInt(0);
    pdu.writeZero(Bhs.BYTES - 32);
    pdu.writeBytes(text);
    return pdu.writeZero(Bhs.padded(text.length) - text.length);
  }

  private static byte[] text(FuzzedDataProvider input) {
    StringBuilder text = new StringBuilder();
    if (input.consumeBoolean()) {
      text.append("InitiatorName=iqn.2001-04.com.example:fuzz\0TargetName=")
          .append(OpenAdmission.TARGET)
          .append('\0');
    }
    int keys = input.consumeInt(0, 8);
    for (int i = 0; i < keys; i++) {
      String value = input.consumeBoolean() ? input.pickValue(VALUES) : input.consumeString(40);
      text.append(input.pickValue(TextKey.values()).text()).append('=').append(value).append('\0');
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
