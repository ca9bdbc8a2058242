// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockIoException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Why a command failed (SPC-4 §4.5).
 *
 * @param key the sense key, 0 to 15
 * @param asc the additional sense code
 * @param ascq its qualifier
 * @param information the INFORMATION field, or {@link #ABSENT}
 * @param commandSpecific the COMMAND-SPECIFIC INFORMATION field, 32 bits, or {@link #ABSENT}
 * @param specific the three sense-key-specific bytes with SKSV set, or 0 for none
 */
public record Sense(
    int key, int asc, int ascq, long information, long commandSpecific, int specific) {

  /** Says that a field of information is not valid. */
  public static final long ABSENT = -1;

  /** The length of {@link #fixedFormat}. */
  public static final int FIXED_BYTES = 18;

  static final int NO_SENSE = 0x0;
  static final int NOT_READY = 0x2;
  static final int MEDIUM_ERROR = 0x3;
  static final int HARDWARE_ERROR = 0x4;
  static final int ILLEGAL_REQUEST = 0x5;
  static final int UNIT_ATTENTION = 0x6;
  static final int DATA_PROTECT = 0x7;
  static final int COPY_ABORTED = 0xA;
  static final int MISCOMPARE = 0xE;

  public static final Sense NONE = new Sense(NO_SENSE, 0x00, 0x00);
  public static final Sense INVALID_OPCODE = new Sense(ILLEGAL_REQUEST, 0x20, 0x00);
  public static final Sense LBA_OUT_OF_RANGE = new Sense(ILLEGAL_REQUEST, 0x21, 0x00);
  public static final Sense UNIT_NOT_SUPPORTED = new Sense(ILLEGAL_REQUEST, 0x25, 0x00);
  public static final Sense PARAMETER_LIST_LENGTH = new Sense(ILLEGAL_REQUEST, 0x1A, 0x00);
  public static final Sense SAVING_NOT_SUPPORTED = new Sense(ILLEGAL_REQUEST, 0x39, 0x00);
  public static final Sense WRITE_PROTECTED = new Sense(DATA_PROTECT, 0x27, 0x00);
  public static final Sense SOFTWARE_WRITE_PROTECTED = new Sense(DATA_PROTECT, 0x27, 0x02);
  public static final Sense SPACE_ALLOCATION_FAILED = new Sense(DATA_PROTECT, 0x27, 0x07);
  public static final Sense MISCOMPARE_DURING_VERIFY = new Sense(MISCOMPARE, 0x1D, 0x00);

  /**
   * The Expected Data Transfer Length does not fit the command: a field of its information unit.
   */
  public static final Sense WRONG_DATA_LENGTH = new Sense(ILLEGAL_REQUEST, 0x0E, 0x03);

  /** INVALID MESSAGE ERROR: a task attribute that is not to be had (SAM-5 §8.6). */
  public static final Sense INVALID_TASK_ATTRIBUTE = new Sense(ILLEGAL_REQUEST, 0x49, 0x00);

  /** COMMANDS CLEARED BY ANOTHER INITIATOR (SAM-5 §5.3.5). */
  public static final Sense CLEARED_BY_ANOTHER = new Sense(UNIT_ATTENTION, 0x2F, 0x00);

  /** SOME COMMANDS CLEARED BY ISCSI PROTOCOL EVENT (RFC 7143 §11.14.5). */
  public static final Sense CLEARED_BY_PROTOCOL = new Sense(UNIT_ATTENTION, 0x47, 0x7F);

  /** The length of sense data in descriptor format at most, and of its header. */
  public static final int MAX_DESCRIPTOR_BYTES = 40;

  private static final int HEADER_BYTES = 8;

  private static final int SKSV = 0x80_0000;
  private static final int FIELD_IN_CDB = 0xC0_0000;
  private static final int FIELD_IN_PARAMETERS = 0x80_0000;
  private static final int BIT_POINTER_VALID = 0x08_0000;

  Sense(int key, int asc, int ascq) {
    this(key, asc, ascq, ABSENT, 0);
  }

  /** A sense without command-specific information. */
  public Sense(int key, int asc, int ascq, long information, int specific) {
    this(key, asc, ascq, information, ABSENT, specific);
  }

  /** Names a byte of the CDB that holds what is not supported (SPC-4 §4.5.2.4.2). */
  static Sense invalidCdbField(int index) {
    return new Sense(ILLEGAL_REQUEST, 0x24, 0x00, ABSENT, FIELD_IN_CDB | index);
  }

  /** Names a bit of the CDB, or the highest bit of a field. */
  static Sense invalidCdbField(int index, int bit) {
    int pointer = FIELD_IN_CDB | BIT_POINTER_VALID | bit << 16 | index;
    return new Sense(ILLEGAL_REQUEST, 0x24, 0x00, ABSENT, pointer);
  }

  /** Names a byte of the parameter data that holds what is not supported. */
  static Sense invalidParameter(int index) {
    return new Sense(ILLEGAL_REQUEST, 0x26, 0x00, ABSENT, FIELD_IN_PARAMETERS | index);
  }

  /**
   * What a failure of the store means to a client.
   *
   * <p>A fenced disk is NOT READY, MANUAL INTERVENTION REQUIRED: a machine whose disk went to a
   * newer boot has to stop at once, and Linux retries every other NOT READY that fits. A closed one
   * is IN PROCESS OF BECOMING READY: the server restarts, and the client is to try again.
   */
  public static Sense of(BlockIoException failure) {
    return switch (failure.kind()) {
      case FENCED -> new Sense(NOT_READY, 0x04, 0x03);
      case CLOSED, BUSY -> new Sense(NOT_READY, 0x04, 0x01);
      case NO_SPACE, QUOTA -> SPACE_ALLOCATION_FAILED;
      case READ_ONLY -> WRITE_PROTECTED;
      case READ_FAILED -> new Sense(MEDIUM_ERROR, 0x11, 0x00);
      case WRITE_FAILED -> new Sense(MEDIUM_ERROR, 0x0C, 0x00);
    };
  }

  /** The sense data in fixed format, current error (SPC-4 §4.5.3): 18 bytes of the caller's own. */
  public byte[] fixedFormat() {
    byte[] sense = new byte[FIXED_BYTES];
    boolean valid = information >= 0 && information <= 0xFFFF_FFFFL;
    sense[0] = (byte) (valid ? 0xF0 : 0x70);
    sense[2] = (byte) key;
    if (valid) {
      Bytes.putInt(sense, 3, (int) information);
    }
    sense[7] = FIXED_BYTES - 8;
    if (commandSpecific != ABSENT) {
      Bytes.putInt(sense, 8, (int) commandSpecific);
    }
    sense[12] = (byte) asc;
    sense[13] = (byte) ascq;
    sense[15] = (byte) (specific >>> 16);
    sense[16] = (byte) (specific >>> 8);
    sense[17] = (byte) specific;
    return sense;
  }

  /**
   * The sense data in descriptor format, current error (SPC-4 §4.5.2): descriptors of information,
   * of command-specific information and of the sense key where there is something to say in them.
   */
  public byte[] descriptorFormat() {
    ByteBuffer sense = ByteBuffer.allocate(MAX_DESCRIPTOR_BYTES);
    sense.put((byte) 0x72).put((byte) key).put((byte) asc).put((byte) ascq).position(HEADER_BYTES);
    if (information >= 0) {
      sense.put((byte) 0).put((byte) 0x0A).put((byte) 0x80).put((byte) 0).putLong(information);
    }
    if (commandSpecific != ABSENT) {
      sense.put((byte) 1).put((byte) 0x0A).putShort((short) 0).putLong(commandSpecific);
    }
    if (specific != 0) {
      sense.put((byte) 2).put((byte) 6).putShort((short) 0).put((byte) (specific >>> 16));
      sense.putShort((short) specific).put((byte) 0);
    }
    sense.put(HEADER_BYTES - 1, (byte) (sense.position() - HEADER_BYTES));
    return Arrays.copyOf(sense.array(), sense.position());
  }

  /** This sense with an INFORMATION field. */
  Sense withInformation(long value) {
    return new Sense(key, asc, ascq, value, commandSpecific, specific);
  }

  /** This sense with a COMMAND-SPECIFIC INFORMATION field. */
  Sense withCommandSpecific(long value) {
    return new Sense(key, asc, ascq, information, value, specific);
  }

  /**
   * A condition that will pass, with how far it has come (SPC-4 §4.5.2.4.4).
   *
   * @param progress in 65536ths
   */
  Sense withProgress(int progress) {
    return new Sense(key, asc, ascq, information, commandSpecific, SKSV | progress);
  }

  /** Whether it is a unit attention. */
  public boolean isAttention() {
    return key == UNIT_ATTENTION;
  }

  /** Key, code and qualifier as engineers write them: {@code 05/24/00}. */
  @Override
  public String toString() {
    return String.format("%02x/%02x/%02x", key, asc, ascq);
  }
}
