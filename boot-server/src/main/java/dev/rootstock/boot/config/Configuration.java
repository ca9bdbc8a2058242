// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an administrator decides. The defaults serve on a fresh machine, as any user, and disturb no
 * network.
 *
 * @param data the data directory
 * @param server the literal address or the name of this machine that clients are told; null for the
 *     only address of the interface
 * @param takeover whether a new boot ends an older one whose machine may still be alive
 */
public record Configuration(
    Path data, @Nullable String server, Iscsi iscsi, Dhcp dhcp, Slp slp, boolean takeover) {

  /** The folder that is used where none is configured, in the working directory. */
  public static final Path DEFAULT_DATA = Path.of("rootstock-data");

  /** IANA's port for iSCSI. */
  public static final int ISCSI_PORT = 3260;

  /** What holds where there is no file. */
  public static Configuration defaults() {
    return new Configuration(DEFAULT_DATA, null, Iscsi.DEFAULTS, Dhcp.OFF, Slp.OFF, false);
  }

  /**
   * The target.
   *
   * @param listen the portals; port 0 takes a free one
   * @param namePrefix what target names begin with, or null for the one made at installation
   */
  public record Iscsi(List<InetSocketAddress> listen, @Nullable String namePrefix) {
    static final Iscsi DEFAULTS =
        new Iscsi(List.of(new InetSocketAddress("0.0.0.0", ISCSI_PORT)), null);

    public Iscsi {
      listen = List.copyOf(listen);
    }
  }

  /** The DHCP server, or none. */
  public sealed interface Dhcp {
    /** No DHCP at all. */
    Dhcp OFF = new Dhcp.Off();

    /** No socket is opened. */
    record Off() implements Dhcp {}

    /**
     * Gives known clients their addresses and what they boot from.
     *
     * @param networkInterface the interface to serve
     * @param first the lowest address to give out
     * @param last the highest
     * @param router the gateway that clients are told, or null for none
     * @param netmask the subnet's mask, or null for the interface's own
     * @param lease how long a stranger's address would be his; known clients keep theirs for ever
     */
    record Server(
        String networkInterface,
        Inet4Address first,
        Inet4Address last,
        @Nullable Inet4Address router,
        @Nullable Inet4Address netmask,
        Duration lease)
        implements Dhcp {}
  }

  /** The SLP service agent, or none. */
  public sealed interface Slp {
    /** No SLP at all. */
    Slp OFF = new Slp.Off();

    /** No socket is opened. */
    record Off() implements Slp {}

    /**
     * Answers for our targets.
     *
     * @param scopes at least one
     * @param networkInterface where to join the multicast group, or null for every interface
     */
    record Agent(List<String> scopes, @Nullable String networkInterface) implements Slp {
      public Agent {
        scopes = List.copyOf(scopes);
      }
    }
  }
}
