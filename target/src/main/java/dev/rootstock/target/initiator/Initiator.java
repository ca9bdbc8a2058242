// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.NopIn;
import dev.rootstock.target.pdu.NopOut;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import dev.rootstock.target.pdu.TextRequest;
import dev.rootstock.target.pdu.TextResponse;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.NegotiationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A session of one connection, which does one thing at a time. Tests that want several commands
 * under way, or wrong ones, use {@link #socket} and the numbers.
 */
public final class Initiator implements AutoCloseable {
  private static final int OPERATIONAL = 1;
  private static final int FULL_FEATURE = 3;
  private static final int BLOCK = 512;

  /** A target that discovery has found, with its addresses. */
  public record Found(String targetName, List<String> addresses) {
    public Found {
      addresses = List.copyOf(addresses);
    }
  }

  private final PduSocket socket;
  private final Map<String, String> agreed;
  private final LogoutIdentity identity;
  private int cmdSn;
  private int expStatSn;
  private int nextTag;

  private record LogoutIdentity(int cid, int tsih) {}

  private Initiator(
      PduSocket socket,
      Map<String, String> agreed,
      LogoutIdentity identity,
      int cmdSn,
      int expStatSn) {
    this.socket = socket;
    this.agreed = agreed;
    this.identity = identity;
    this.cmdSn = cmdSn;
    this.expStatSn = expStatSn;
  }

  /**
   * Connects and logs in, in one step and without authentication.
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
    List<KeyValues.Pair> offered = new ArrayList<>();
    offered.add(new KeyValues.Pair("InitiatorName", options.initiatorName()));
    if (options.targetName().isEmpty()) {
      offered.add(new KeyValues.Pair("SessionType", "Discovery"));
    } else {
      offered.add(new KeyValues.Pair("SessionType", "Normal"));
      offered.add(new KeyValues.Pair("TargetName", options.targetName()));
    }
    offered.addAll(options.operational());
    socket.send(
        new LoginRequest(
            true,
            false,
            OPERATIONAL,
            FULL_FEATURE,
            0,
            0,
            options.isid().value(),
            0,
            0,
            0,
            options.cmdSn(),
            0,
            Unpooled.wrappedBuffer(new KeyValues(offered).encode())));
    if (!(socket.receive() instanceof LoginResponse response)) {
      throw new IOException("the target answers a login with something else");
    }
    if (response.status() != 0) {
      throw new LoginRefusedException(response.status());
    }
    if (!response.transit() || response.nextStage() != FULL_FEATURE) {
      throw new IOException("the target does not end the login");
    }
    Map<String, String> agreed = new LinkedHashMap<>();
    for (KeyValues.Pair pair : parse(response.data()).pairs()) {
      agreed.put(pair.key(), pair.value());
    }
    return new Initiator(
        socket,
        agreed,
        new LogoutIdentity(0, response.tsih()),
        options.cmdSn(),
        response.statSn() + 1);
  }

  private static KeyValues parse(ByteBuf text) throws IOException {
    byte[] bytes = new byte[text.readableBytes()];
    text.getBytes(text.readerIndex(), bytes);
    return parse(bytes);
  }

  private static KeyValues parse(byte[] text) throws IOException {
    try {
      return KeyValues.parse(text);
    } catch (NegotiationException e) {
      throw new IOException("the target's text is wrong: " + e.getMessage(), e);
    }
  }

  /** The connection. */
  public PduSocket socket() {
    return socket;
  }

  /** What the target has answered to each key of the login. */
  public Map<String, String> agreed() {
    return agreed;
  }

  public int tsih() {
    return identity.tsih();
  }

  /** The number of the next command. */
  public int cmdSn() {
    return cmdSn;
  }

  /** The number of the next command, which is used up. */
  public int takeCmdSn() {
    return cmdSn++;
  }

  public int expStatSn() {
    return expStatSn;
  }

  /** A task tag that is not in use. */
  public int newTag() {
    return nextTag++;
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
    if (status) {
      expStatSn = pdu.statSn() + 1;
    }
    return pdu;
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
    socket.send(new NopOut(true, 0, itt, Tag.NONE, cmdSn, expStatSn, Unpooled.wrappedBuffer(data)));
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
            true, function, (long) lun << 48, itt, referencedTag, cmdSn, expStatSn, refCmdSn, 0));
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
      for (KeyValues.Pair pair : parse(Arrays.copyOfRange(text, from, i + 1)).pairs()) {
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
    int itt = newTag();
    socket.send(
        new LogoutRequest(
            false, LogoutRequest.CLOSE_SESSION, itt, identity.cid(), takeCmdSn(), expStatSn));
    while (true) {
      if (receive() instanceof LogoutResponse response && response.itt() == itt) {
        return response.response();
      }
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
