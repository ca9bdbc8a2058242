// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.ServerName;
import java.util.List;

/**
 * One iSCSI target at one address, as RFC 4018 §5.2 advertises it.
 *
 * @param name the target's name
 * @param host where it listens, as clients reach it
 * @param port 1 to 65535
 * @param portalGroup the portal group tag of that address, 0 to 65535
 * @param access who may log in
 */
public record SlpTarget(
    IscsiName name, ServerName host, int port, int portalGroup, SlpAccess access) {
  static final String TYPE = "service:iscsi:target";

  /** The service URL. */
  public String url() {
    return TYPE + "://" + host + ":" + port + "/" + SlpText.escapeName(name.value());
  }

  /** The template's attributes, those that are never revealed included. */
  Attributes attributes() {
    return Attributes.of(
        Attribute.of("iscsi-name", List.of(name.value())),
        Attribute.of("portal-group", List.of(Integer.toString(portalGroup))),
        Attribute.of("transports", List.of("tcp")),
        Attribute.of("auth-name", orAny(access.initiators())),
        Attribute.of("auth-addr", orAny(access.addresses())),
        Attribute.of("auth-cred", orAny(access.credentials())),
        // Every disk here is there to be booted from. "iscsi" is the template's older "any".
        Attribute.of(
            "boot-list",
            access.initiators().isEmpty() ? List.of(Attribute.ANY, "iscsi") : access.initiators()));
  }

  private static List<String> orAny(List<String> values) {
    return values.isEmpty() ? List.of(Attribute.ANY) : values;
  }
}
