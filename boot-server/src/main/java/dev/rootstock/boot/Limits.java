// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot;

import java.time.Duration;

/** Every bound of the service in one place: what is not bounded here must not grow. */
public final class Limits {
  private Limits() {}

  /** Bytes of an iSCSI name (RFC 7143 §4.2.7.2). */
  public static final int ISCSI_NAME_BYTES = 223;

  /** Bytes of DHCP option 17, which holds the root path (RFC 4173 §5, RFC 2132 §3.19). */
  public static final int ROOT_PATH_BYTES = 255;

  /**
   * The least that the service may be limited to, in bytes: two fifths of it hold the maps of disks
   * that are kept in memory (250 MiB at the most) and some thousands of sessions.
   */
  public static final long LEAST_MEMORY_BYTES = 1536L << 20;

  /** Machine addresses of one client. */
  public static final int MACS = 16;

  /** Initiator names that one client may be known by. */
  public static final int INITIATORS = 16;

  /** Circuits of relay agents that one client may boot at. */
  public static final int CIRCUITS = 16;

  /** Network cards that one client is remembered with beside those that are its keys. */
  public static final int SEEN_CARDS = 4;

  /** New cards that one client is seen with at once, and then in an hour: packets are forged. */
  public static final int SEEN_CARDS_BURST = 4;

  public static final double SEEN_CARDS_PER_SECOND = 1 / 3_600.0;

  /** Clients whose rate of new cards is remembered. */
  public static final int SEEN_CARDS_CLIENTS = 4_096;

  /** Clients that unknown machines may become, where the configuration does not say. */
  public static final int ENROLLED = 100;

  /** How fast they may, where the configuration does not say: a rack, and then some more. */
  public static final String ENROL_RATE = "60/m";

  /** Machines that are on their way to being clients at once. */
  public static final int ENROLLING = 256;

  /** How long the fetch of a script waits for its machine to become a client. */
  public static final Duration ENROL_TIME = Duration.ofSeconds(5);

  /** Lines in the log about machines that were not enrolled, at once and then in a second. */
  public static final int ENROL_LOGGED = 256;

  public static final double ENROL_LOGGED_A_SECOND = 0.1;

  /** Groups of one installation. */
  public static final int GROUPS = 1_000;

  /** Images in the menu of one client or group: what a console shows at once. */
  public static final int MENU = 20;

  /** Further disks of one client. */
  public static final int DISKS = 15;

  /** Bytes of what an administrator puts on a client's seed disk. */
  public static final int SEED_BYTES = 64 << 10;

  /** Bytes of the file in which that is kept. */
  public static final int SEED_FILE_BYTES = 256 << 10;

  /** Addresses of a kind that a boot's durable record remembers. */
  public static final int BOOT_ADDRESSES = 4;

  /** Clients of one installation. */
  public static final int CLIENTS = 100_000;

  /** Open clients that one SLP answer tells of, beside the asker's own disk. */
  public static final int OPEN_CLIENTS_TOLD = 128;

  /** Changes of the registry that may wait for the disk. */
  public static final int REGISTRY_QUEUE = 4096;

  /** Changes that one write of the registry carries. */
  public static final int REGISTRY_BATCH = 256;

  /** Bytes of one record of the registry's file; a longer one is corrupt. */
  public static final int REGISTRY_RECORD_BYTES = 16 << 20;

  /** The registry is compacted when its file is this much larger than twice what lives. */
  public static final long REGISTRY_SLACK_BYTES = 4L << 20;

  /** Bytes of a configuration file. */
  public static final int CONFIG_BYTES = 1 << 20;

  /** Bytes of one request on the control socket. */
  public static final int CONTROL_REQUEST_BYTES = 256 << 10;

  /** Bytes of one line of its answer: a list of all clients has room in it. */
  public static final int CONTROL_ANSWER_BYTES = 256 << 20;

  /** Commands that the control socket serves at once. */
  public static final int CONTROL_CONNECTIONS = 32;

  /** How long the control socket waits for a request after a connection. */
  public static final Duration CONTROL_REQUEST_TIME = Duration.ofSeconds(10);

  /** How long a stopping server waits for commands that run. */
  public static final Duration CONTROL_STOP_TIME = Duration.ofSeconds(5);

  /** How long 'discover' waits for each answer of a target. */
  public static final Duration DISCOVER_TIME = Duration.ofSeconds(10);

  /** How long a stopping server waits for initiators to log out when they are asked to. */
  public static final Duration DRAIN_TIME = Duration.ofSeconds(5);

  /** How long an orderly stop may take before the process ends regardless. */
  public static final Duration STOP_TIME = Duration.ofSeconds(30);
}
