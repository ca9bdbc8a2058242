// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.TextResponse;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a session, which does one thing at a time; {@link #join} opens another one of
 * the same session, with which it shares the numbers of commands. Tests that want several commands
 * under way, or wrong ones, use {@link #socket} and the numbers.
 */
public final class Initiator implements AutoCloseable {
  private static final int BLOCK = 512;

  /** A target that discovery has found, with its addresses. */
  public record Found(String targetName, List<String> addresses) {
    public Found {
      addresses = List.copyOf(addresses);
    }
  }

  /** The keys that a connection negotiates for itself (RFC 7143 §13, scope CO). */
  private static final Set<String> OWN_KEYS =
      Set.of("HeaderDigest", "DataDigest", "MaxRecvDataSegmentLength");

  private final PduSocket socket;
  private final LoginOptions options;
  private final Map<String, String> agreed;
  private final int cid;
  private final SessionNumbers numbers;
  private int expStatSn;
  private boolean acknowledging = true;

  private Initiator(
      PduSocket socket,
      LoginOptions options,
      Map<String, String> agreed,
      int cid,
      SessionNumbers numbers,
      int expStatSn) {
    this.socket = socket;
    this.options = options;
    this.agreed = agreed;
    this.cid = cid;
    this.numbers = numbers;
    this.expStatSn = expStatSn;
  }

  /**
   * Connects and logs in; in one step where nothing is to be proved.
   *
   * @throws LoginRefusedException when the target answers with any status but success
   */
  public static Initiator login(InetSocketAddress portal, LoginOptions options, Duration timeout)
      throws IOException {
    PduSocket socket = PduSocket.connect(portal, timeout);
    try {
      return login(socket, options);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Logs in on a connection that is there already. */
  public static Initiator login(PduSocket socket, LoginOptions options) throws IOException {
    return login(socket, options, 0, null);
  }

  /**
   * Logs another connection in to the same session (RFC 7143 §6.3.1). One with the CID of a
   * connection that is there already takes its place (§6.3.4).
   */
  public Initiator join(PduSocket another, int itsCid) throws IOException {
    return login(another, options, itsCid, numbers);
  }

  /** Tries to join a session by its TSIH, with whatever identity. */
  public static Initiator login(PduSocket socket, LoginOptions options, int tsih, int cid)
      throws IOException {
    return login(socket, options, cid, new SessionNumbers(tsih, options.cmdSn()));
  }

  private static Initiator login(
      PduSocket socket, LoginOptions options, int cid, @Nullable SessionNumbers joined)
      throws IOException {
    LoginExchange login =
        joined == null
            ? new LoginExchange(socket, options)
            : new LoginExchange(
                socket, options.withKeys(OWN_KEYS), joined.tsih(), cid, joined.cmdSn());
    LoginResponse response = login.run();
    Map<String, String> agreed = login.answered();
    socket.digests(
        new Digests(
            "CRC32C".equals(agreed.get("HeaderDigest")),
            "CRC32C".equals(agreed.get("DataDigest"))));
    return new Initiator(
        socket,
        options,
        agreed,
        cid,
        joined == null ? new SessionNumbers(response.tsih(), options.cmdSn()) : joined,
        response.statSn() + 1);
  }

  /** The connection. */
  public PduSocket socket() {
    return socket;
  }

  /** What the target has answered to each key of the login. */
  public Map<String, String> agreed() {
    return agreed;
  }

  public int cid() {
    return cid;
  }

  public int tsih() {
    return numbers.tsih();
  }

  /** The number of the next command. */
  public int cmdSn() {
    return numbers.cmdSn();
  }

  /** The number of the next command, which is used up. */
  public int takeCmdSn() {
    return numbers.takeCmdSn();
  }

  public int expStatSn() {
    return expStatSn;
  }

  /** A task tag that is not in use. */
  public int newTag() {
    return numbers.newTag();
  }

  /** Waits for the next PDU and takes note of its status number. */
  public TargetPdu receive() throws IOException {
    TargetPdu pdu = socket.receive();
    boolean status =
        switch (pdu) {
          case ReadyToTransfer _ -> false;
          case DataIn data -> data.withStatus();
          case NopIn nop -> nop.itt() != Tag.NONE;
          default -> true;
        };
    if (status && acknowledging) {
      expStatSn = pdu.statSn() + 1;
    }
    return pdu;
  }

  /** Whether ExpStatSN follows what is received; a test that asks for it again says no. */
  public void acknowledging(boolean yes) {
    acknowledging = yes;
  }

  /** Acknowledges all statuses before this one, with the next PDU that is sent. */
  public void acknowledge(int next) {
    expStatSn = next;
  }

  /** Sends a SNACK (RFC 7143 §11.16). */
  public void snack(int type, long lun, int itt, int ttt, int begRun, int runLength)
      throws IOException {
    socket.send(new SnackRequest(type, lun, itt, ttt, expStatSn, begRun, runLength));
  }

  /** A SCSI command PDU with the next number; nothing is sent. */
  public ScsiCommand command(
      int lun, byte[] cdb, boolean read, boolean write, int expectedLength, ByteBuf immediate) {
    ByteBuffer field = ByteBuffer.allocate(16).put(cdb).rewind();
    return new ScsiCommand(
        false,
        true,
        read,
        write,
        ScsiCommand.SIMPLE,
        (long) lun << 48,
        newTag(),
        expectedLength,
        takeCmdSn(),
        expStatSn,
        field.getLong(),
        field.getLong(),
        Ahs.NONE,
        immediate);
  }

  /** Runs a command that brings data, or none. */
  public CommandResult read(int lun, byte[] cdb, int expectedLength) throws IOException {
    ScsiCommand command =
        command(lun, cdb, expectedLength > 0, false, expectedLength, Unpooled.EMPTY_BUFFER);
    socket.send(command);
    return await(command.itt(), new byte[0]);
  }

  /** Runs a command that takes data; all of them are sent when the target asks for them. */
  public CommandResult write(int lun, byte[] cdb, byte[] data) throws IOException {
    ScsiCommand command = command(lun, cdb, false, true, data.length, Unpooled.EMPTY_BUFFER);
    socket.send(command);
    return await(command.itt(), data);
  }

  /** READ(16) of 512-byte blocks. */
  public CommandResult readBlocks(int lun, long lba, int blocks) throws IOException {
    return read(lun, cdb16(0x88, lba, blocks), blocks * BLOCK);
  }

  /** WRITE(16) of 512-byte blocks. */
  public CommandResult writeBlocks(int lun, long lba, byte[] data) throws IOException {
    return write(lun, cdb16(0x8A, lba, data.length / BLOCK), data);
  }

  /** A CDB of READ(16) and its kin. */
  public static byte[] cdb16(int opcode, long lba, int blocks) {
    return ByteBuffer.allocate(16)
        .put((byte) opcode)
        .put((byte) 0)
        .putLong(lba)
        .putInt(blocks)
        .array();
  }

  /** Waits for the end of a command; answers R2Ts out of {@code out}, 512 bytes a PDU or more. */
  public CommandResult await(int itt, byte[] out) throws IOException {
    ByteArrayOutputStream in = new ByteArrayOutputStream();
    while (true) {
      switch (receive()) {
        case DataIn data when data.itt() == itt -> {
          if (data.bufferOffset() != in.size()) {
            throw new IOException("data out of order at " + data.bufferOffset());
          }
          data.data().readBytes(in, data.data().readableBytes());
          if (data.acknowledge() && acknowledging) {
            snack(SnackRequest.DATA_ACK, data.lun(), Tag.NONE, data.ttt(), data.dataSn() + 1, 0);
          }
          if (data.withStatus()) {
            return new CommandResult(
                0, data.status(), in.toByteArray(), new byte[0], data.residual());
          }
        }
        case ReadyToTransfer r2t when r2t.itt() == itt -> answer(r2t, out);
        case ScsiResponse response when response.itt() == itt -> {
          return result(response, in.toByteArray());
        }
        default -> {
          // Another command's; whoever has several under way sorts them out himself.
        }
      }
    }
  }

  private static CommandResult result(ScsiResponse response, byte[] data) {
    byte[] sense = new byte[0];
    if (response.data().readableBytes() >= 2) {
      sense = new byte[response.data().readUnsignedShort()];
      response.data().readBytes(sense);
    }
    return new CommandResult(
        response.response(), response.status(), data, sense, response.residual());
  }

  /** Sends what an R2T asks for, out of the whole data of its command. */
  public void answer(ReadyToTransfer r2t, byte[] out) throws IOException {
    int segment = Integer.parseInt(agreed.getOrDefault("MaxRecvDataSegmentLength", "8192"));
    int dataSn = 0;
    int from = r2t.bufferOffset();
    int end = from + r2t.desiredLength();
    while (from < end) {
      int n = Math.min(segment, end - from);
      socket.send(
          new DataOut(
              from + n == end,
              r2t.lun(),
              r2t.itt(),
              r2t.ttt(),
              expStatSn,
              dataSn++,
              from,
              Unpooled.wrappedBuffer(out, from, n)));
      from += n;
    }
  }

  /** Sends a ping and waits for its echo; returns the data that came back. */
  public byte[] ping(byte[] data) throws IOException {
    int itt = newTag();
    socket.send(
        new NopOut(true, 0, itt, Tag.NONE, cmdSn(), expStatSn, Unpooled.wrappedBuffer(data)));
    while (true) {
      if (receive() instanceof NopIn echo && echo.itt() == itt) {
        byte[] back = new byte[echo.data().readableBytes()];
        echo.data().readBytes(back);
        return back;
      }
    }
  }

  /** Runs a task management function for immediate delivery; returns the response code. */
  public int manage(int function, int lun, int referencedTag, int refCmdSn) throws IOException {
    int itt = newTag();
    socket.send(
        new TaskManagementRequest(
            true, function, (long) lun << 48, itt, referencedTag, cmdSn(), expStatSn, refCmdSn, 0));
    while (true) {
      if (receive() instanceof TaskManagementResponse response && response.itt() == itt) {
        return response.response();
      }
    }
  }

  /**
   * Takes over a task of a connection that was logged out for recovery (TASK REASSIGN, RFC 7143
   * §7.2.2); returns the response code.
   *
   * @param expDataSn the first Data-In that has not come
   */
  public int reassign(int tag, int expDataSn) throws IOException {
    int itt = newTag();
    socket.send(
        new TaskManagementRequest(
            true,
            TaskManagementRequest.TASK_REASSIGN,
            0,
            itt,
            tag,
            cmdSn(),
            expStatSn,
            0,
            expDataSn));
    while (true) {
      if (receive() instanceof TaskManagementResponse response && response.itt() == itt) {
        return response.response();
      }
    }
  }

  /** Asks for targets (RFC 7143 Appendix C). */
  public List<Found> sendTargets(String which) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    int itt = newTag();
    int ttt = Tag.NONE;
    ByteBuf ask = Unpooled.wrappedBuffer(KeyValues.of("SendTargets", which).encode());
    while (true) {
      socket.send(new TextRequest(false, true, false, 0, itt, ttt, takeCmdSn(), expStatSn, ask));
      if (!(receive() instanceof TextResponse response)) {
        throw new IOException("the target answers a text request with something else");
      }
      response.data().readBytes(text, response.data().readableBytes());
      if (response.complete()) {
        return found(text.toByteArray());
      }
      ttt = response.ttt();
      ask = Unpooled.EMPTY_BUFFER;
    }
  }

  /** Target records; there may be many more keys than one negotiation has. */
  private static List<Found> found(byte[] text) throws IOException {
    List<Found> found = new ArrayList<>();
    String name = "";
    List<String> addresses = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] != 0) {
        continue;
      }
      for (KeyValues.Pair pair :
          LoginExchange.parse(Arrays.copyOfRange(text, from, i + 1)).pairs()) {
        switch (pair.key()) {
          case "TargetName" -> {
            if (!name.isEmpty()) {
              found.add(new Found(name, addresses));
            }
            name = pair.value();
            addresses = new ArrayList<>();
          }
          case "TargetAddress" -> addresses.add(pair.value());
          default -> throw new IOException("not a target record: " + pair.key());
        }
      }
      from = i + 1;
    }
    if (!name.isEmpty()) {
      found.add(new Found(name, addresses));
    }
    return found;
  }

  /** Logs out of the session; returns the response code. */
  public int logout() throws IOException {
    return logout(LogoutRequest.CLOSE_SESSION, cid).response();
  }

  /** Logs a connection out, this one or another one of the session. */
  public LogoutResponse logout(int reason, int whichCid) throws IOException {
    int itt = newTag();
    socket.send(new LogoutRequest(false, reason, itt, whichCid, takeCmdSn(), expStatSn));
    while (true) {
      if (receive() instanceof LogoutResponse response && response.itt() == itt) {
        return response;
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
