// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.rootstock.target.initiator.Initiator;
import dev.rootstock.target.pdu.LogoutRequest;
import dev.rootstock.target.pdu.LogoutResponse;
import dev.rootstock.target.pdu.ReadyToTransfer;
import dev.rootstock.target.pdu.Reject;
import dev.rootstock.target.pdu.ScsiCommand;
import dev.rootstock.target.pdu.TargetPdu;
import dev.rootstock.target.pdu.TaskManagementRequest;
import dev.rootstock.target.pdu.TaskManagementResponse;
import io.netty.buffer.Unpooled;
import java.io.IOException;

/**
 * Requests that a test sends without waiting for their end, and the answers that it takes one by
 * one. Blocks are of 512 bytes, the unit is LUN 0.
 */
final class Requests {
  private Requests() {}

  /** READ(16), which takes the next number and is not sent. */
  static ScsiCommand read(Initiator initiator, long lba, int blocks) {
    return initiator.command(
        0, Initiator.cdb16(0x88, lba, blocks), true, false, blocks * 512, Unpooled.EMPTY_BUFFER);
  }

  /** WRITE(16) of whole blocks, whose data have to be asked for; it is not sent. */
  static ScsiCommand write(Initiator initiator, long lba, int blocks) {
    return initiator.command(
        0, Initiator.cdb16(0x8A, lba, blocks), false, true, blocks * 512, Unpooled.EMPTY_BUFFER);
  }

  /** WRITE(16) with all of its data in the command; it is not sent. */
  static ScsiCommand write(Initiator initiator, long lba, byte[] data) {
    return initiator.command(
        0,
        Initiator.cdb16(0x8A, lba, data.length / 512),
        false,
        true,
        data.length,
        Unpooled.wrappedBuffer(data));
  }

  /** Sends a command on its connection. */
  static ScsiCommand send(Initiator initiator, ScsiCommand command) throws IOException {
    initiator.socket().send(command);
    return command;
  }

  /** Sends READ(16). */
  static ScsiCommand sendRead(Initiator initiator, long lba, int blocks) throws IOException {
    return send(initiator, read(initiator, lba, blocks));
  }

  /** Sends WRITE(16) of whole blocks, whose data have to be asked for. */
  static ScsiCommand sendWrite(Initiator initiator, long lba, int blocks) throws IOException {
    return send(initiator, write(initiator, lba, blocks));
  }

  /** Sends WRITE(16) with all of its data in the command. */
  static ScsiCommand sendWrite(Initiator initiator, long lba, byte[] data) throws IOException {
    return send(initiator, write(initiator, lba, data));
  }

  /** A command under the task tag of another one. */
  static ScsiCommand retagged(ScsiCommand command, int itt) {
    return changed(command, command.attribute(), itt);
  }

  /** A command with another task attribute. */
  static ScsiCommand attributed(ScsiCommand command, int attribute) {
    return changed(command, attribute, command.itt());
  }

  private static ScsiCommand changed(ScsiCommand command, int attribute, int itt) {
    return new ScsiCommand(
        command.immediate(),
        command.complete(),
        command.read(),
        command.write(),
        attribute,
        command.lun(),
        itt,
        command.expectedLength(),
        command.cmdSn(),
        command.expStatSn(),
        command.cdbHigh(),
        command.cdbLow(),
        command.ahs(),
        command.data());
  }

  /** Sends a task management function for immediate delivery; returns its tag. */
  static int sendFunction(Initiator initiator, int function, int tag, int refCmdSn)
      throws IOException {
    int itt = initiator.newTag();
    initiator
        .socket()
        .send(
            new TaskManagementRequest(
                true,
                function,
                0,
                itt,
                tag,
                initiator.cmdSn(),
                initiator.expStatSn(),
                refCmdSn,
                0));
    return itt;
  }

  /** Sends "close the connection" for a connection of the session, as a command in its order. */
  static void sendClose(Initiator through, int cid) throws IOException {
    through
        .socket()
        .send(
            new LogoutRequest(
                false,
                LogoutRequest.CLOSE_CONNECTION,
                through.newTag(),
                cid,
                through.takeCmdSn(),
                through.expStatSn()));
  }

  /** This PDU is the answer to a logout that was done. */
  static void assertClosed(TargetPdu answer) {
    assertEquals(LogoutResponse.CLOSED, assertInstanceOf(LogoutResponse.class, answer).response());
  }

  /** This PDU answers a task management function so. */
  static void assertAnswered(int response, TargetPdu answer) {
    assertEquals(response, assertInstanceOf(TaskManagementResponse.class, answer).response());
  }

  /** This PDU rejects something for this reason. */
  static void assertRejected(int reason, TargetPdu answer) {
    assertEquals(reason, assertInstanceOf(Reject.class, answer).reason());
  }

  /** The next PDU asks for data. */
  static ReadyToTransfer r2t(Initiator initiator) throws IOException {
    return assertInstanceOf(ReadyToTransfer.class, initiator.receive());
  }
}
