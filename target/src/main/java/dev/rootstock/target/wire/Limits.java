// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.wire;

import java.time.Duration;

/**
 * Every bound of the target, with its reason. Nothing grows with what the network sends beyond
 * these. SCSI has its own in {@link dev.rootstock.target.scsi.Limits}.
 */
public final class Limits {

  /**
   * Connections in all: 5,000 clients that are quiet, what may come before its login, and some
   * clients that connect anew before the old connection is found dead. Each costs a few kilobytes
   * while it is quiet.
   */
  public static final int CONNECTIONS = 6500;

  /**
   * Connections that have not logged in to a target, in all: what a flood of strangers may hold.
   * Discovery sessions are among them, since anybody may have one.
   */
  public static final int CONNECTIONS_BEFORE_LOGIN = 1024;

  /** Connections that have not logged in, from one address; a rack may sit behind one router. */
  public static final int CONNECTIONS_BEFORE_LOGIN_BY_ADDRESS = 128;

  /** How long a discovery session may last, in milliseconds; tools ask one question and go. */
  public static final int DISCOVERY_MILLIS = 60_000;

  /** Log lines a second about logins that fail: the disk is not for strangers to fill. */
  public static final int LOGIN_LINES_A_SECOND = 20;

  /** Requests of one login phase. RFC 7143 §6.2 asks for six exchanges at least. */
  public static final int LOGIN_EXCHANGES = 32;

  /** The data segment of a PDU before anything else is declared (RFC 7143 §6.3, §13.12). */
  public static final int LOGIN_DATA_SEGMENT = 8192;

  /** The text of one negotiation, over all its PDUs (RFC 7143 §6.1 asks for this much). */
  public static final int TEXT_BYTES = 64 * 1024;

  /**
   * Keys in one text. RFC 7143 knows about thirty; answers to this many fit one PDU of {@link
   * #LOGIN_DATA_SEGMENT} whatever their names are.
   */
  public static final int TEXT_KEYS = 64;

  /** A key's name (RFC 7143 §6.1, standard-label). */
  public static final int KEY_NAME_BYTES = 63;

  /** A simple value (RFC 7143 §6.1); longer ones are allowed to keys that say so only. */
  public static final int VALUE_BYTES = 255;

  /** CHAP_C and CHAP_R, in bytes (RFC 7143 §12.1.3). */
  public static final int CHAP_VALUE_BYTES = 1024;

  /** A CHAP secret: the 96 bits of RFC 7143 §9.2.1. */
  public static final int CHAP_SECRET_LEAST_BYTES = 12;

  /** A CHAP secret: what one DHCP option or suboption can hand out. */
  public static final int CHAP_SECRET_MOST_BYTES = 255;

  /** An iSCSI name (RFC 7143 §4.2.7.2). */
  public static final int NAME_BYTES = 223;

  /**
   * MaxRecvDataSegmentLength that we declare: a partly received PDU costs this much for each
   * connection, and beyond 64 KiB longer PDUs gain nothing that can be measured.
   */
  public static final int DATA_SEGMENT = 64 * 1024;

  /**
   * Data of one PDU from which on a golden image's pages are lent rather than read, in bytes.
   * Below, asking whether they are in memory costs more than the copy.
   */
  public static final int LEAST_LOAN = 32 * 1024;

  /** The longest spin: what it may burn of a processor at each change to idle. */
  public static final Duration SPIN = Duration.ofMillis(1);

  /** Our MaxBurstLength: what one R2T asks for, and the unit in which writes are collected. */
  public static final int BURST = 256 * 1024;

  /** Our FirstBurstLength: what a command may send before we have agreed to hold it. */
  public static final int FIRST_BURST = 64 * 1024;

  /**
   * Bytes that may lie around data that are kept as they came, in the same memory: the header of
   * their PDU, short additional segments, digests.
   */
  public static final int AROUND_DATA = 256;

  /** Commands that a session may have in progress: the queue that MaxCmdSN offers. */
  public static final int COMMANDS = 128;

  /** Our MaxConnections: connections of one session. */
  public static final int SESSION_CONNECTIONS = 8;

  /**
   * Data of commands that came before their turn and wait for older ones, in bytes for a session. A
   * window full of commands with the longest immediate data would be twice as much.
   */
  public static final int EARLY_BYTES = 4 << 20;

  /** What each Data-Out PDU that waits with its command counts among those, besides its data. */
  public static final int EARLY_PDU_BYTES = 256;

  /** Our DefaultTime2Retain: how long tasks wait to be reassigned, in seconds. */
  public static final int RETAIN_SECONDS = 20;

  /** Sessions in all that wait for a connection, having lost all of theirs. */
  public static final int RETAINED_SESSIONS = 256;

  /** How long a connection that was logged out may take to receive the answer, in milliseconds. */
  public static final int LOGOUT_MILLIS = 5_000;

  /** How long a connection may be silent before it is asked whether it lives, in milliseconds. */
  public static final int IDLE_MILLIS = 30_000;

  /** How long the answer to that may take, in milliseconds. */
  public static final int PING_MILLIS = 30_000;

  /** Immediate commands in progress, which no window limits (RFC 7143 §4.2.2.1). */
  public static final int IMMEDIATE_COMMANDS = 16;

  /**
   * Bytes that the transfers of a session may have us hold: writes, reads of a slow device, and
   * what commands work with. The longest single command goes through even so, when it is alone.
   */
  public static final int SESSION_BYTES = 16 << 20;

  /**
   * Bytes that the transfers of all sessions may hold together, and what waits for its turn, as a
   * part of the most memory that the process may have. Beyond it they wait. It is counted before
   * anything is allocated; not counted are one batch and one data segment of each connection, and
   * what comes in before it is a whole PDU.
   */
  public static final double TRANSFER_SHARE = 0.25;

  /**
   * Bytes beyond that for sessions that hold nothing, as a part of the same: with 1 GiB, one
   * transfer each of 256 sessions.
   */
  public static final double RESERVE_SHARE = 0.0625;

  /**
   * The most that one session gets of the reserve: a {@link #BURST}, and what one read asks for.
   */
  public static final int FIRST_BYTES = 256 * 1024;

  /** Our MaxOutstandingR2T: bursts that one write may be sent at a time. */
  public static final int OUTSTANDING_R2TS = 4;

  /**
   * Holes in the data of one sequence that are remembered: as many as 512-byte PDUs in the worst
   * order leave in a {@link #BURST}.
   */
  public static final int HOLES = 256;

  /** How often a task may ask again for data that were lost. */
  public static final int RECOVERIES = 16;

  /**
   * How long a sequence of data may bring nothing before its data count as lost (RFC 7143
   * §7.1.4.1), in milliseconds; it may take up to twice that. From recovery level 1 on.
   */
  public static final int SEQUENCE_MILLIS = 5_000;

  /**
   * Bytes that a session keeps of what it has sent until it is acknowledged, from recovery level 1
   * on. We ask for an acknowledgement after each {@link #BURST} of a read; what does not fit cannot
   * be sent again.
   */
  public static final int UNACKNOWLEDGED_BYTES = 4 << 20;

  /**
   * Bytes that all sessions keep of what they have sent, besides what transfers hold and as a part
   * of that.
   */
  public static final double UNACKNOWLEDGED_SHARE = 0.25;

  /** Responses that a connection keeps until they are acknowledged. */
  public static final int UNACKNOWLEDGED_RESPONSES = 512;

  /** Bytes that one read asks of a slow device at once. */
  public static final int READ_CHUNK = 256 * 1024;

  /** The buffer in which responses of one burst of requests are gathered. */
  public static final int BATCH = 128 * 1024;

  /** Unsent bytes of a connection at which its reads pause. */
  public static final int OUTBOUND_HIGH = 2 << 20;

  /** Unsent bytes at which they go on. */
  public static final int OUTBOUND_LOW = 512 * 1024;

  /**
   * Unsent bytes of a connection at which we stop to read from it: reached only by a flood of
   * requests that no window limits, since reads pause long before.
   */
  public static final int OUTBOUND_STOP = 4 << 20;

  /**
   * Bytes of network buffers in all, as a part of the most that the process may have: beyond it
   * nobody new is let in.
   */
  public static final double MEMORY_SHARE = 0.5;

  /**
   * How often the buffers in all are measured at the most, and what a connection has sent is given
   * back to the budget, in milliseconds.
   */
  public static final int MEMORY_CHECK_MILLIS = 20;

  /**
   * Aborted writes whose data may still come and are dropped without a word, besides those whose
   * end an initiator has to acknowledge (FastAbort), which count among its {@link #COMMANDS}.
   */
  public static final int ABORTED_WRITES = 32;

  /**
   * How long a task management function waits for data that the initiator was asked for (RFC 7143
   * §4.2.3.3), in milliseconds. Linux does not send them (its FastAbort), so the wait has an end.
   */
  public static final int ABORT_DATA_MILLIS = 500;

  /**
   * How long a response waits until an initiator has acknowledged those before it on all
   * connections (RFC 7143 §11.6.1), in milliseconds.
   */
  public static final int FENCE_MILLIS = 1_000;

  /** Task management functions of a session that wait for the tasks they act on. */
  public static final int PENDING_FUNCTIONS = 16;

  private Limits() {}
}
