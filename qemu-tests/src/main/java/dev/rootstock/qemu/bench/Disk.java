// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.net.InetSocketAddress;

/** A disk as an initiator finds it. */
record Disk(InetSocketAddress portal, String target, int lun) {

  /** In the form that libiscsi's tools take. */
  String url() {
    return "iscsi://%s:%d/%s/%d"
        .formatted(portal.getAddress().getHostAddress(), portal.getPort(), target, lun);
  }
}
