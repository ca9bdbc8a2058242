// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.time.Duration;

/** Every bound of the SLP agents. */
final class Limits {
  /** RFC 2608 §6.1: the longest SLP message in a datagram, in bytes. */
  static final int MESSAGE = 1_400;

  /** Bytes of a datagram that are read; a longer one is cut, and refused for its length. */
  static final int DATAGRAM = 2_048;

  /** Bytes of a message over TCP, in either direction. */
  static final int STREAM_MESSAGE = 64 << 10;

  /** TCP connections at once, in all and of one address. */
  static final int CONNECTIONS = 64;

  static final int CONNECTIONS_OF_ONE = 4;

  /** RFC 2608 §13, CONFIG_CLOSE_CONN: how long a connection may say nothing. */
  static final Duration CONNECTION_IDLE = Duration.ofMinutes(5);

  /** How long a client may keep a URL. Short: an agent that is gone takes nothing back. */
  static final int URL_LIFETIME_SECONDS = 300;

  /** Answers, in all. */
  static final int ANSWER_BURST = 1_000;

  static final double ANSWERS_PER_SECOND = 500;

  /** Answers to one address, so that one that asks too much does not take the others' share. */
  static final int ANSWER_BURST_OF_ONE = 50;

  static final double ANSWERS_PER_SECOND_OF_ONE = 20;

  /** Addresses whose rate is remembered; the one unheard for longest is forgotten first. */
  static final int SOURCES = 4_096;

  /** Levels and terms of a search filter. */
  static final int FILTER_DEPTH = 32;

  static final int FILTER_TERMS = 64;

  /** Names of a request that are looked up. */
  static final int NAMES = 8;

  /** Services that others have registered, in all and by one address. */
  static final int REGISTRATIONS = 1_024;

  static final int REGISTRATIONS_OF_ONE = 128;

  /** Bytes of one registration, and of all. */
  static final int REGISTRATION = 4 << 10;

  static final int REGISTERED_BYTES = 1 << 20;

  /** Values of one registration's attributes: each is held against each term of a filter. */
  static final int VALUES = 128;

  /** Bytes of a service type. */
  static final int TYPE = 255;

  /** Bytes of the service types that a service agent's advertisement names. */
  static final int ADVERTISED_TYPES = 512;

  /** RFC 2608 §13, CONFIG_DA_BEAT: how often a directory agent says that it is there. */
  static final Duration DIRECTORY_BEAT = Duration.ofHours(3);

  /** What a user agent takes as answers to one question: URLs, and agents. */
  static final int FOUND = 10_000;

  static final int RESPONDERS = 1_000;

  /** Directory agents that one question is put to, and answers that are asked for again whole. */
  static final int ASKED_AGAIN = 16;

  /** Directory agents of others that we register with; each holds that many of our services. */
  static final int DIRECTORIES = 8;

  static final int REGISTERED_ELSEWHERE = 256;

  /** How long a directory agent may keep a service of ours; half of it later it hears again. */
  static final int REGISTERED_SECONDS = 1_800;

  /** RFC 2608 §8.3: the longest lifetime there is. */
  static final int MOST_LIFETIME_SECONDS = 0xFFFF;

  /** RFC 2608 §6.1: how many routers a question to everybody may cross. */
  static final int MULTICAST_TTL = 255;

  /** RFC 2608 §13: CONFIG_RETRY, and CONFIG_RETRY_MAX. */
  static final Duration RETRY = Duration.ofSeconds(2);

  static final Duration RETRY_MAX = Duration.ofSeconds(15);

  /** RFC 2608 §13: CONFIG_START_WAIT, CONFIG_DA_FIND, CONFIG_REG_ACTIVE and _PASSIVE. */
  static final Duration START_WAIT = Duration.ofSeconds(3);

  static final Duration DIRECTORY_FIND = Duration.ofMinutes(15);

  static final Duration LEAST_REGISTRATION_WAIT = Duration.ofSeconds(1);

  static final Duration REGISTRATION_WAIT = Duration.ofSeconds(3);

  /** How often directory agents are looked for in a row. */
  static final int FIND_ATTEMPTS = 3;

  /** How often it is looked whether there is something to tell a directory agent. */
  static final Duration REGISTRATION_BEAT = Duration.ofSeconds(1);

  /** Problems that have been logged, and lines about them. */
  static final int LOGGED = 256;

  static final int LOG_BURST = 20;

  static final double LOG_LINES_PER_SECOND = 0.1;

  /** Seconds that starting and stopping may take. */
  static final int SOCKET_SECONDS = 10;

  private Limits() {}
}
