// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.initiator.LoginOptions;
import dev.rootstock.target.pdu.Ahs;
import dev.rootstock.target.pdu.AsyncMessage;
import dev.rootstock.target.pdu.DataIn;
import dev.rootstock.target.pdu.DataOut;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.ScsiResponse;
import dev.rootstock.target.pdu.SnackRequest;
import dev.rootstock.target.pdu.Tag;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.wire.Digests;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What Wireshark reads in a rich session: not that it finds no fault, but the value of each field.
 */
class TsharkIT {
  private static final List<String> FIELDS =
      List.of(
          "iscsi.opcode",
          "iscsi.I",
          "iscsi.initiatortasktag",
          "iscsi.targettransfertag",
          "iscsi.datasegmentlength",
          "iscsi.totalahslength",
          "iscsi.cmdsn",
          "iscsi.statsn",
          "iscsi.expstatsn",
          "iscsi.expcmdsn",
          "iscsi.maxcmdsn",
          "iscsi.datasn",
          "iscsi.expdatasn",
          "iscsi.bufferOffset",
          "iscsi.scsidata.F",
          "iscsi.scsidata.A",
          "iscsi.scsidata.S",
          "iscsi.r2tsn",
          "iscsi.desireddatalength",
          "iscsi.scsicommand.F",
          "iscsi.scsicommand.R",
          "iscsi.scsicommand.W",
          "iscsi.scsicommand.attr",
          "iscsi.scsicommand.expecteddatatransferlength",
          "iscsi.scsiresponse.status",
          "iscsi.scsiresponse.response",
          "iscsi.scsiresponse.U",
          "iscsi.scsiresponse.O",
          "iscsi.scsiresponse.u",
          "iscsi.scsiresponse.residualcount",
          "iscsi.scsiresponse.bidireadresidualcount",
          "iscsi.scsiresponse.senselength",
          "iscsi.ahs.type",
          "iscsi.ahs.bidir.length",
          "iscsi.snack.type",
          "iscsi.snack.begrun",
          "iscsi.snack.runlength",
          "iscsi.reject.reason",
          "iscsi.taskmanfun.function",
          "iscsi.taskmanfun.referencedtasktag",
          "iscsi.taskmanfun.response",
          "iscsi.logout.reason",
          "iscsi.logout.response",
          "iscsi.login.T",
          "iscsi.login.csg",
          "iscsi.login.nsg",
          "iscsi.login.status",
          "iscsi.keyvalue",
          "iscsi.pingdata",
          "iscsi.asyncevent",
          "scsi_sbc.opcode",
          "scsi.sns.key",
          "scsi.sns.ascascq");

  /**
   * A line for each packet: what its fields have to be, in Wireshark's names and forms. The StatSN
   * of the login is 0 and its CmdSN 1; from there on both follow from RFC 7143 §4.2.2.
   */
  private static final String EXPECTED =
      """
      opcode=0x03 login.T=1 login.csg=0x01 login.nsg=0x03 cmdsn=1 expstatsn=0
      opcode=0x23 login.T=1 login.csg=0x01 login.nsg=0x03 login.status=0x0000 statsn=0 expcmdsn=1
      opcode=0x01 I=0 initiatortasktag=0x00000000 cmdsn=1 expstatsn=1 scsicommand.F=1 scsicommand.R=0 \
      scsicommand.W=0 scsicommand.attr=0x01 scsi_sbc.opcode=0x00
      opcode=0x21 initiatortasktag=0x00000000 datasegmentlength=20 statsn=1 expcmdsn=2 \
      scsiresponse.status=0x02 scsiresponse.response=0x00 scsiresponse.senselength=18 \
      scsi.sns.key=0x06 scsi.sns.ascascq=0x2900
      -- a write: 1024 immediate bytes, 1024 unsolicited ones, the rest by R2T
      opcode=0x01 initiatortasktag=0x00000001 datasegmentlength=1024 cmdsn=2 expstatsn=2 \
      scsicommand.F=0 scsicommand.R=0 scsicommand.W=1 scsicommand.expecteddatatransferlength=6144
      opcode=0x05 initiatortasktag=0x00000001 targettransfertag=0xffffffff datasegmentlength=1024 \
      expstatsn=2 datasn=0 bufferOffset=1024 scsidata.F=1
      opcode=0x31 initiatortasktag=0x00000001 targettransfertag=0x00000001 datasegmentlength=0 \
      statsn=2 expcmdsn=3 r2tsn=0 bufferOffset=2048 desireddatalength=2048
      opcode=0x05 initiatortasktag=0x00000001 targettransfertag=0x00000001 datasegmentlength=2048 \
      datasn=0 bufferOffset=2048 scsidata.F=1
      opcode=0x31 initiatortasktag=0x00000001 targettransfertag=0x00000002 statsn=2 r2tsn=1 \
      bufferOffset=4096 desireddatalength=2048
      opcode=0x05 initiatortasktag=0x00000001 targettransfertag=0x00000002 datasegmentlength=2048 \
      datasn=0 bufferOffset=4096 scsidata.F=1
      opcode=0x21 initiatortasktag=0x00000001 statsn=2 expcmdsn=3 expdatasn=0x00000000 \
      scsiresponse.status=0x00 scsiresponse.U=0 scsiresponse.O=0 scsiresponse.residualcount=0
      -- a read of 6144 bytes where 8192 are expected, in sequences of 4096
      opcode=0x01 initiatortasktag=0x00000002 cmdsn=3 expstatsn=3 scsicommand.F=1 scsicommand.R=1 \
      scsicommand.W=0 scsicommand.expecteddatatransferlength=8192 scsi_sbc.opcode=0x88
      opcode=0x25 datasn=0 bufferOffset=0 datasegmentlength=1024 scsidata.F=0 scsidata.A=0 scsidata.S=0
      opcode=0x25 datasn=1 bufferOffset=1024 datasegmentlength=1024 scsidata.F=0 scsidata.A=0
      opcode=0x25 datasn=2 bufferOffset=2048 datasegmentlength=1024 scsidata.F=0 scsidata.A=0
      opcode=0x25 datasn=3 bufferOffset=3072 datasegmentlength=1024 scsidata.F=1 scsidata.A=1 \
      targettransfertag=0x00000003 initiatortasktag=0x00000002 statsn=3 expcmdsn=4
      opcode=0x25 datasn=4 bufferOffset=4096 datasegmentlength=1024 scsidata.F=0 scsidata.A=0
      opcode=0x25 datasn=5 bufferOffset=5120 datasegmentlength=1024 scsidata.F=1 scsidata.A=0 scsidata.S=0
      opcode=0x21 initiatortasktag=0x00000002 statsn=3 expcmdsn=4 expdatasn=0x00000006 \
      scsiresponse.status=0x00 scsiresponse.U=1 scsiresponse.O=0 scsiresponse.residualcount=2048
      -- SNACKs of each kind, and what they bring
      opcode=0x10 snack.type=0 initiatortasktag=0x00000002 targettransfertag=0xffffffff expstatsn=3 \
      snack.begrun=0x00000002 snack.runlength=1
      opcode=0x25 datasn=2 bufferOffset=2048 datasegmentlength=1024 scsidata.F=0 scsidata.A=0
      opcode=0x10 snack.type=1 initiatortasktag=0xffffffff targettransfertag=0xffffffff expstatsn=3 \
      snack.begrun=0x00000003 snack.runlength=1
      opcode=0x21 initiatortasktag=0x00000002 statsn=3 expdatasn=0x00000006 \
      scsiresponse.residualcount=2048
      opcode=0x10 snack.type=2 initiatortasktag=0xffffffff targettransfertag=0x00000003 \
      snack.begrun=0x00000004 snack.runlength=0
      opcode=0x10 snack.type=3 initiatortasktag=0x00000002 targettransfertag=0x00001234 \
      snack.begrun=0x00000000 snack.runlength=0
      opcode=0x25 datasn=4 bufferOffset=4096 scsidata.F=0 scsidata.A=0
      opcode=0x25 datasn=5 bufferOffset=5120 scsidata.F=1 scsidata.A=0
      opcode=0x21 initiatortasktag=0x00000002 statsn=3 expcmdsn=4 expdatasn=0x00000006
      -- a bidirectional command: an additional header segment, and residuals of both directions
      opcode=0x01 initiatortasktag=0x00000003 totalahslength=2 ahs.type=2 ahs.bidir.length=4096 cmdsn=4 \
      expstatsn=4 datasegmentlength=512 scsicommand.R=1 scsicommand.W=1
      opcode=0x21 statsn=4 expcmdsn=5 scsiresponse.status=0x02 scsiresponse.U=1 scsiresponse.u=1 \
      scsiresponse.residualcount=512 scsiresponse.bidireadresidualcount=4096 scsi.sns.key=0x05 \
      scsi.sns.ascascq=0x2000
      opcode=0x00 I=1 initiatortasktag=0x00000004 targettransfertag=0xffffffff cmdsn=5 expstatsn=5 \
      pingdata=414243
      opcode=0x20 initiatortasktag=0x00000004 targettransfertag=0xffffffff statsn=5 expcmdsn=5 \
      pingdata=414243
      opcode=0x04 initiatortasktag=0x00000005 cmdsn=5 expstatsn=6 keyvalue=SendTargets=
      opcode=0x24 initiatortasktag=0x00000005 targettransfertag=0xffffffff statsn=6 expcmdsn=6
      opcode=0x02 I=1 initiatortasktag=0x00000006 cmdsn=6 expstatsn=7 taskmanfun.function=0x01 \
      taskmanfun.referencedtasktag=0x00007777
      opcode=0x22 initiatortasktag=0x00000006 statsn=7 expcmdsn=6 taskmanfun.response=0x01
      opcode=0x10 snack.type=0 initiatortasktag=0x00000063 expstatsn=8
      opcode=0x3f,0x10 initiatortasktag=0x00000063 reject.reason=0x04 statsn=8 \
      datasegmentlength=48,0
      opcode=0x32 asyncevent=0x01 statsn=9 expcmdsn=6
      opcode=0x06 initiatortasktag=0x00000007 cmdsn=6 expstatsn=10 logout.reason=0x00
      opcode=0x26 initiatortasktag=0x00000007 statsn=10 expcmdsn=7 logout.response=0x00
      """;

  @TempDir private Path folder = Path.of("");
  private final byte[] data = new byte[6144];

  private static LoginOptions options() {
    return TestServer.options()
        .with("HeaderDigest", "CRC32C")
        .with("DataDigest", "CRC32C")
        .with("ErrorRecoveryLevel", "1")
        .with("MaxRecvDataSegmentLength", "1024")
        .with("MaxBurstLength", "4096")
        .with("FirstBurstLength", "2048");
  }

  @Test
  void everyFieldHasTheValueThatTheRfcGivesIt() throws Exception {
    try (TestServer server = TestServer.of(new MemoryBlockDevice(1 << 20));
        Recording recording = new Recording(server.address(), new Digests(true, true))) {
      Initiator initiator = Initiator.login(recording.address(), options(), Duration.ofSeconds(10));
      initiator.read(0, new byte[6], 0);
      write(initiator);
      read(initiator);
      bidirectional(initiator);
      initiator.ping(new byte[] {0x41, 0x42, 0x43});
      initiator.sendTargets("");
      initiator.manage(1, 0, 0x7777, 0);
      initiator.snack(SnackRequest.DATA_OR_R2T, 0, 99, Tag.NONE, 0, 1);
      assertInstanceOf(Reject.class, initiator.receive());
      CompletionStage<Void> drained = server.target().drain(60);
      assertInstanceOf(AsyncMessage.class, initiator.receive());
      initiator.logout();
      TestServer.get(drained);
      initiator.close();
      recording.finish();
      int full = assertFields(recording.decode(folder, FIELDS));
      assertDigests(recording.digests(folder), full);
    }
  }

  /** Returns how many PDUs the full feature phase had. */
  private static int assertFields(List<List<String>> packets) {
    List<String> expected = EXPECTED.lines().filter(line -> !line.startsWith("--")).toList();
    for (int i = 0; i < Math.min(expected.size(), packets.size()); i++) {
      String[] fields = expected.get(i).strip().split(" +", -1);
      for (String field : fields) {
        int equals = field.indexOf('=');
        String name = field.substring(0, equals);
        boolean other = name.startsWith("scsi.") || name.startsWith("scsi_sbc.");
        int column = FIELDS.indexOf(other ? name : "iscsi." + name);
        assertTrue(column >= 0, name);
        assertEquals(
            field.substring(equals + 1),
            packets.get(i).get(column),
            "packet " + i + ", " + name + ": " + expected.get(i));
      }
    }
    assertEquals(expected.size(), packets.size());
    return packets.size() - 2;
  }

  private static void assertDigests(List<String> digests, int pdus) {
    assertTrue(digests.stream().allMatch(line -> line.endsWith("(Good CRC32)")), digests::toString);
    // The header in the Reject counts once more: its data digest is a header's there.
    assertEquals(
        pdus + 1, digests.stream().filter(line -> line.startsWith("HeaderDigest:")).count());
    assertTrue(digests.stream().anyMatch(line -> line.startsWith("DataDigest:")));
  }

  private ScsiCommand command(
      Initiator initiator,
      boolean read,
      boolean write,
      boolean last,
      byte[] cdb,
      int length,
      Ahs ahs,
      int immediate)
      throws IOException {
    ScsiCommand c =
        initiator.command(0, cdb, read, write, length, Unpooled.wrappedBuffer(data, 0, immediate));
    ScsiCommand command =
        new ScsiCommand(
            false,
            last,
            read,
            write,
            ScsiCommand.SIMPLE,
            0,
            c.itt(),
            length,
            c.cmdSn(),
            c.expStatSn(),
            c.cdbHigh(),
            c.cdbLow(),
            ahs,
            c.data());
    initiator.socket().send(command);
    return command;
  }

  private void write(Initiator initiator) throws IOException {
    ScsiCommand write =
        command(initiator, false, true, false, Initiator.cdb16(0x8A, 0, 12), 6144, Ahs.NONE, 1024);
    initiator
        .socket()
        .send(
            new DataOut(
                true,
                0,
                write.itt(),
                Tag.NONE,
                initiator.expStatSn(),
                0,
                1024,
                Unpooled.wrappedBuffer(data, 1024, 1024)));
    assertTrue(initiator.await(write.itt(), data).good());
  }

  private void read(Initiator initiator) throws IOException {
    initiator.acknowledging(false);
    ScsiCommand read =
        command(initiator, true, false, true, Initiator.cdb16(0x88, 0, 12), 8192, Ahs.NONE, 0);
    int tag = Tag.NONE;
    TargetPdu pdu = initiator.receive();
    while (pdu instanceof DataIn in) {
      tag = in.acknowledge() ? in.ttt() : tag;
      pdu = initiator.receive();
    }
    initiator.snack(SnackRequest.DATA_OR_R2T, 0, read.itt(), Tag.NONE, 2, 1);
    initiator.receive();
    initiator.snack(SnackRequest.STATUS, 0, Tag.NONE, Tag.NONE, pdu.statSn(), 1);
    initiator.receive();
    initiator.snack(SnackRequest.DATA_ACK, 0, Tag.NONE, tag, 4, 0);
    initiator.snack(SnackRequest.R_DATA, 0, read.itt(), 0x1234, 0, 0);
    initiator.acknowledging(true);
    initiator.receive();
    initiator.receive();
    assertInstanceOf(ScsiResponse.class, initiator.receive());
  }

  private void bidirectional(Initiator initiator) throws IOException {
    byte[] cdb = {0x53, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    Ahs ahs = new Ahs(ByteBuffer.allocate(0), 4096);
    command(initiator, true, true, true, cdb, 512, ahs, 512);
    assertInstanceOf(ScsiResponse.class, initiator.receive());
  }
}
