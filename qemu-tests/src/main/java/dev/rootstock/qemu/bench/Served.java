// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

/** A server under measurement: one process that serves one disk on loopback. */
interface Served extends AutoCloseable {

  /** How the table calls it. */
  String name();

  /** The disk, in the form that libiscsi's tools take. */
  String url();

  /** The process whose processor time counts. */
  Process process();

  /** Ends the process, by force where it does not end by itself. */
  @Override
  void close();
}
