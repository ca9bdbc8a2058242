// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

/**
 * What the server has done since it started.
 *
 * @param received datagrams, of any kind
 * @param malformed those that were no well-formed DHCP
 * @param answered those that got an answer; the rest was none of our business
 */
public record DhcpCounters(long received, long malformed, long answered) {}
