// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.time.Duration;

/** Every bound of the measurements. */
final class BenchLimits {
  /** The disk that is read: small enough for any page cache, larger than any processor's. */
  static final long DISK_BYTES = 512L << 20;

  /** How long a server may take until it listens. */
  static final Duration START = Duration.ofSeconds(60);

  /** How long one run of the load generator may last beyond the time that it was given. */
  static final Duration OVERRUN = Duration.ofSeconds(15);

  /** How long a command that sets a server up may take. */
  static final Duration COMMAND = Duration.ofSeconds(60);

  /** How long writing the whole disk may take. */
  static final Duration WRITING = Duration.ofMinutes(5);

  /** How long one answer of a server may take. */
  static final Duration ANSWER = Duration.ofSeconds(30);

  /** Sessions at once, where there are many. */
  static final int SESSIONS = 64;

  /** How much output of one program is kept, in bytes. */
  static final int OUTPUT_BYTES = 1 << 20;

  /**
   * Rounds in which our own initiator takes the latencies of what another tool's runs have measured
   * before: few, since a run of a second has some thousands of them.
   */
  static final int LATENCY_ROUNDS = 2;

  /** How long each server and the initiator warm up before that. */
  static final int LATENCY_WARMING_SECONDS = 1;

  /** The most rounds and the longest run that the command line takes. */
  static final int ROUNDS = 99;

  static final int SECONDS = 600;

  /** The most machines of a storm: its network has addresses for so many. */
  static final int MACHINES = 3_500;

  /** How long a storm may take beyond the time in which its machines are switched on. */
  static final Duration STORM_OVERRUN = Duration.ofMinutes(2);

  /** The most operations of a boot trace; a real boot has some thousands. */
  static final int OPERATIONS = 1_000_000;

  /** The longest operation of a boot trace, in bytes: what an initiator writes in one command. */
  static final long OPERATION_BYTES = 1 << 20;

  /** The longest line of a boot trace, in characters. */
  static final int TRACE_LINE = 200;

  /** How long an emulated machine may take until it is ready. */
  static final Duration BOOT = Duration.ofMinutes(3);

  /** The most clients of a storm of boots. */
  static final int STORM_CLIENTS = 1_024;

  /**
   * Machines of a storm that log in at once. They share this computer's address, and a service lets
   * 128 connections of one address be without a login; real machines have addresses of their own.
   */
  static final int STORM_LOGINS = 100;

  /** How much slower than recorded a storm may be made. */
  static final double PACE = 100;

  /** Clients of a service whose start is timed. */
  static final int CLIENTS = 10_000;

  /** Sessions at once that do nothing. */
  static final int IDLE_SESSIONS = 5_000;

  /** Clients that write at full speed at once, under the least memory that the service takes. */
  static final int WRITERS = 256;

  static final long CEILING_BYTES = dev.rootstock.boot.Limits.LEAST_MEMORY_BYTES;

  /** What each of those clients writes again and again: together less than a disk. */
  static final long WRITTEN_BYTES = 4 << 20;

  /** How long a rehearsed service may take to end: it writes its cache then. */
  static final Duration REHEARSAL = Duration.ofMinutes(3);

  /** A disk of which hardly anything is read. */
  static final long SMALL_DISK_BYTES = 1 << 20;

  private BenchLimits() {}
}
