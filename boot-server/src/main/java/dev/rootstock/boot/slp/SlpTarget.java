// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;

/**
 * One iSCSI target at one address, as RFC 4018 §5.2 advertises it.
 *
 * @param name the target's name
 * @param host where it listens, as clients reach it
 * @param port 1 to 65535
 * @param portalGroup the portal group tag of that address, 0 to 65535
 */
public record SlpTarget(IscsiName name, ServerName host, int port, int portalGroup) {

  /** The service URL. */
  public String url() {
    return "service:iscsi:target://" + host + ":" + port + "/" + SlpText.escapeName(name.value());
  }
}
