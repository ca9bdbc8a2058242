// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A target that was found, out of its URL (RFC 4018 §5.2).
 *
 * @param port 1 to 65535
 */
public record SlpFound(IscsiName target, ServerName host, int port) {
  private static final Pattern URL =
      Pattern.compile(
          "service:iscsi:target://(\\[[^]]*]|[^:/]*)(?::([0-9]{1,5}))?/([^/]*)(?:/.*)?",
          Pattern.CASE_INSENSITIVE);

  /** Empty where the URL is none of a target. */
  static Optional<SlpFound> of(String url) {
    Matcher parts = URL.matcher(url);
    if (!parts.matches()) {
      return Optional.empty();
    }
    int port = parts.group(2) == null ? RootPath.DEFAULT_PORT : Integer.parseInt(parts.group(2));
    if (port < 1 || port > 65535) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new SlpFound(
              IscsiName.parse(SlpText.unescapeName(parts.group(3))),
              ServerName.parse(parts.group(1)),
              port));
    } catch (SyntaxException e) {
      return Optional.empty();
    }
  }
}
