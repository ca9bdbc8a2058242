// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.dhcp.IscsiName;
import java.util.List;

/**
 * What a user agent looks for: iSCSI targets, by one of the queries of RFC 4018 §5.2.
 *
 * @param scopes at least one
 * @param predicate a search filter, empty for none
 */
public record SlpQuestion(List<String> scopes, String predicate) {

  public SlpQuestion {
    scopes = List.copyOf(scopes);
  }

  /** Query 8: all targets. */
  public static SlpQuestion everyTarget(List<String> scopes) {
    return new SlpQuestion(scopes, "");
  }

  /** Query 1: a target whose name is known (RFC 4173 §6). */
  public static SlpQuestion target(List<String> scopes, IscsiName name) {
    return new SlpQuestion(scopes, "(iscsi-name=" + SlpText.escape(name.value()) + ")");
  }

  /** Query 4 as it is meant: what this initiator may log in to, or any may (RFC 4173 §6). */
  public static SlpQuestion initiator(List<String> scopes, String name) {
    return new SlpQuestion(
        scopes, "(|(auth-name=" + SlpText.escape(name) + ")(auth-name=" + Attribute.ANY + "))");
  }
}
