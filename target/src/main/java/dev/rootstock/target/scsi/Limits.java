// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

/** Every bound of the device server, with its reason. Sizes are in bytes. */
public final class Limits {

  /**
   * The most data of one READ, WRITE or VERIFY: MAXIMUM TRANSFER LENGTH of VPD page B0. UEFI's disk
   * driver never reads that page and asks for up to 65535 blocks of 512 at once; this lets it.
   */
  public static final int MAX_TRANSFER_BYTES = 32 << 20;

  /** What one command should move in a long sequence: larger ones gain nothing and hold memory. */
  static final int OPTIMAL_TRANSFER_BYTES = 1 << 20;

  /** The most that one UNMAP gives up; a client's map is locked no longer than this takes. */
  static final long MAX_UNMAP_BYTES = 512L << 20;

  /** The most block descriptors of one UNMAP, 16 bytes each. */
  static final int MAX_UNMAP_DESCRIPTORS = 256;

  /** What UNMAP should come in multiples of: the cluster of an overlay. */
  static final int OPTIMAL_UNMAP_BYTES = 64 << 10;

  /** The most that one WRITE SAME fills; an abort stops it between two steps. */
  static final long MAX_WRITE_SAME_BYTES = 64L << 20;

  /** What WRITE SAME hands to the device at once. */
  static final int WRITE_SAME_STEP_BYTES = 1 << 20;

  /** The memory that holds WRITE SAME's block, repeated. */
  static final int WRITE_SAME_PATTERN_BYTES = 64 << 10;

  /** What VERIFY reads at once, and the memory that it reads into. */
  static final int VERIFY_STEP_BYTES = 256 << 10;

  /** What SANITIZE gives up at once. */
  static final long ERASE_STEP_BYTES = 64L << 20;

  /** What ORWRITE changes at once, and the memory that it works in. */
  static final int UPDATE_STEP_BYTES = 256 << 10;

  /** The most blocks of one COMPARE AND WRITE: what its field can hold. */
  static final int MAX_COMPARE_AND_WRITE_BLOCKS = 255;

  /** How much of a disk one GET LBA STATUS looks at: it runs on the event loop. */
  static final long MAX_LBA_STATUS_BYTES = 64L << 20;

  /** The most descriptors of one GET LBA STATUS, 16 bytes each. */
  static final int MAX_LBA_STATUS_DESCRIPTORS = 256;

  /** Unit attentions that wait for one initiator; more become one "reset occurred". */
  static final int MAX_UNIT_ATTENTIONS = 8;

  /** What LBA mapping resources are counted in: the threshold set of VPD page B2. */
  static final long THRESHOLD_SET_BYTES = 1 << 20;

  /** How long to wait for an answer before something must be wrong. */
  static final int RECOMMENDED_TIMEOUT_SECONDS = 60;

  /** I_T nexuses that are registered with one unit for persistent reservations. */
  static final int MAX_REGISTRANTS = 128;

  /** The parameter list of PERSISTENT RESERVE OUT: a TransportID for each of them fits. */
  static final int MAX_RESERVE_LIST_BYTES = 32 << 10;

  /** The descriptors of one EXTENDED COPY, and the bytes of them all. */
  static final int MAX_COPY_TARGETS = 8;

  static final int MAX_COPY_SEGMENTS = 64;
  static final int MAX_COPY_DESCRIPTOR_BYTES = 4096;

  /** Its parameter list: longer ones have more descriptors than that, and are told so. */
  static final int MAX_COPY_LIST_BYTES = 64 << 10;

  /** Copies that a nexus can have under way, or ask about afterwards. */
  static final int MAX_COPY_RESULTS = 8;

  /** Logical units of one session. */
  static final int MAX_UNITS = 256;

  /** An iSCSI name, so that its designators fit their one-byte length (RFC 7143 §4.2.7.1). */
  static final int MAX_TARGET_NAME_BYTES = 223;

  /** Target ports of a device: what REPORT TARGET PORT GROUPS can count, in one byte. */
  public static final int MAX_TARGET_PORTS = 255;

  /** The unit serial number; it stands in a designator behind the vendor's eight characters. */
  static final int MAX_SERIAL_CHARACTERS = 128;

  private Limits() {}
}
