// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.List;

/**
 * A service, ours or a registered one.
 *
 * @param url as it is told
 * @param type its service type, in the form in which that is compared
 * @param scopes likewise
 * @param language of its attributes
 * @param lifetimeSeconds how long whoever hears of it may keep it, 1 to 65535
 */
record Advertisement(
    String url,
    String type,
    List<String> scopes,
    String language,
    int lifetimeSeconds,
    Attributes attributes) {

  Advertisement {
    scopes = List.copyOf(scopes);
  }

  /** RFC 2608 §4.1: a request for an abstract type is one for all its concrete types. */
  boolean hasType(String requested) {
    return type.equals(requested)
        || (type.startsWith(requested + ":") && requested.startsWith("service:"));
  }

  boolean isInOneOf(List<String> requested) {
    return requested.stream().anyMatch(scopes::contains);
  }
}
