// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.qcow2;

/** A byte of the client's disk. */
record GuestOffset(long value) {}
