// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.identity;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.clients.Client;
import dev.rootstock.boot.clients.ClientName;
import dev.rootstock.boot.clients.InitiatorName;
import dev.rootstock.boot.clients.InvalidClientException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of one installation. Clients' boot loaders and file systems remember them, so for the
 * same UUID, prefix and client they are the same for ever; IdentitiesTest holds them to samples.
 */
public final class Identities {
  /** What the prefix of every installation without a configured one begins with. */
  public static final String DEFAULT_AUTHORITY = "iqn.2026-11.dev.rootstock:";

  private static final String INITIATOR_SUFFIX = ":initiator";

  /** The longest IPv4 literal: what a root path has to have room for when nothing else is known. */
  private static final int LONGEST_IPV4 = "255.255.255.255".length();

  /** {@code iscsi:SERVER::PORT::TARGET} without server and target, the port at its longest. */
  private static final int ROOT_PATH_REST = "iscsi:".length() + "::65535::".length();

  /** RFC 7143 §4.2.7.4, lower case as RFC 3722 leaves it. */
  private static final Pattern PREFIX =
      Pattern.compile("iqn\\.[0-9]{4}-(?:0[1-9]|1[0-2])\\.[a-z0-9]+[a-z0-9.:-]*");

  private final UUID installation;
  private final String prefix;

  /**
   * @param installation the installation's UUID
   * @param configuredPrefix the prefix to use as it is, or null for the one made from the UUID
   */
  public Identities(UUID installation, @Nullable String configuredPrefix) {
    this.installation = installation;
    this.prefix =
        configuredPrefix != null
            ? checkedPrefix(configuredPrefix)
            : DEFAULT_AUTHORITY + installation.toString().substring(0, 8);
  }

  /** Refuses a prefix that is not the beginning of an iSCSI name; returns it otherwise. */
  public static String checkedPrefix(String prefix) {
    if (!PREFIX.matcher(prefix).matches() || prefix.endsWith(":")) {
      throw new InvalidClientException(
          "'%s' is no prefix of iSCSI names: write iqn.YYYY-MM.DOMAIN[:REST] in lower case"
              .formatted(prefix));
    }
    return prefix;
  }

  public UUID installation() {
    return installation;
  }

  public String prefix() {
    return prefix;
  }

  /** The name of the client's target. */
  public String target(ClientName client) {
    return prefix + ":" + client;
  }

  /** The initiator name that we give a client that has none of its own. */
  public InitiatorName initiator(ClientName client) {
    return new InitiatorName(target(client) + INITIATOR_SUFFIX);
  }

  /**
   * The initiator name that the client is told to take (DHCP option 203, its script): the first of
   * its own, as it may log in under those only, else the one that we give it.
   */
  public InitiatorName told(Client client) {
    return client.initiators().isEmpty()
        ? initiator(client.name())
        : client.initiators().getFirst();
  }

  /** The client whose target has this name, if it has the form of one of ours; any case. */
  public Optional<ClientName> clientOf(String targetName) {
    String lower = targetName.toLowerCase(Locale.ROOT);
    if (!lower.startsWith(prefix + ":")) {
      return Optional.empty();
    }
    try {
      return Optional.of(new ClientName(lower.substring(prefix.length() + 1)));
    } catch (InvalidClientException e) {
      return Optional.empty();
    }
  }

  /** The client that is given this initiator name, if it has the form of one of ours; any case. */
  public Optional<ClientName> givenTo(String initiatorName) {
    String lower = initiatorName.toLowerCase(Locale.ROOT);
    return lower.endsWith(INITIATOR_SUFFIX)
        ? clientOf(lower.substring(0, lower.length() - INITIATOR_SUFFIX.length()))
        : Optional.empty();
  }

  /**
   * The designator of a logical unit in VPD page 83: NAA type 3, locally assigned (SPC-4
   * §7.8.6.6.4), its other 60 bits from SHA-256.
   */
  public long naa(ClientName client, int lun) {
    return (3L << 60) | (ByteBuffer.wrap(digest("naa", client, lun)).getLong() >>> 4);
  }

  /** The unit serial number of VPD page 80: 20 hexadecimal digits. */
  public String serial(ClientName client, int lun) {
    return HexFormat.of().formatHex(digest("serial", client, lun), 0, 10);
  }

  /**
   * Refuses a client whose names firmware could not be told: iSCSI names have 223 bytes at most,
   * and the root path has 255 (RFC 4173 §5).
   *
   * @param server the literal address that clients are told, or null where it is not known yet
   */
  public void checkFits(ClientName client, @Nullable String server) {
    int initiator = target(client).length() + INITIATOR_SUFFIX.length();
    if (initiator > Limits.ISCSI_NAME_BYTES) {
      throw new InvalidClientException(
          ("client name '%s' is too long: with the prefix '%s' its initiator name has %d bytes, and"
                  + " iSCSI allows %d; shorten the name or iscsi.name-prefix")
              .formatted(client, prefix, initiator, Limits.ISCSI_NAME_BYTES));
    }
    int address = server == null ? LONGEST_IPV4 : server.length();
    int rootPath = ROOT_PATH_REST + address + target(client).length();
    if (rootPath > Limits.ROOT_PATH_BYTES) {
      throw new InvalidClientException(
          ("client name '%s' is too long: with the prefix '%s' its root path has %d bytes, and DHCP"
                  + " option 17 holds %d; shorten the name or iscsi.name-prefix")
              .formatted(client, prefix, rootPath, Limits.ROOT_PATH_BYTES));
    }
  }

  private byte[] digest(String what, ClientName client, int lun) {
    String text = "rootstock %s 1\n%s\n%s\n%d\n".formatted(what, installation, client, lun);
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
