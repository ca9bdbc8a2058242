// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.config;

import dev.rootstock.images.store.LocalImageStore;
import dev.rootstock.target.Portal;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an administrator decides. The defaults serve on a fresh machine, as any user, and disturb no
 * network.
 *
 * @param data the data directory
 * @param server the literal address or the name of this machine that clients are told; null for the
 *     only address of the interface
 * @param unknown what becomes of machines that are no clients
 * @param takeover whether a new boot ends an older one whose machine may still be alive
 * @param storeLimit the bytes that golden versions and what clients wrote may take together
 * @param memory where the disks are that are kept in RAM, and what the service itself may take
 */
public record Configuration(
    Path data,
    @Nullable String server,
    Iscsi iscsi,
    Dhcp dhcp,
    BootFileSettings bootFiles,
    Http http,
    Slp slp,
    Isns isns,
    Unknown unknown,
    boolean takeover,
    long storeLimit,
    Memory memory) {

  /** A store that may take whatever the file system has. */
  public static final long NO_LIMIT = Long.MAX_VALUE;

  /** One without a limit of the store, with disks in memory where they are by default. */
  public Configuration(
      Path data,
      @Nullable String server,
      Iscsi iscsi,
      Dhcp dhcp,
      BootFileSettings bootFiles,
      Http http,
      Slp slp,
      Isns isns,
      Unknown unknown,
      boolean takeover) {
    this(
        data,
        server,
        iscsi,
        dhcp,
        bootFiles,
        http,
        slp,
        isns,
        unknown,
        takeover,
        NO_LIMIT,
        Memory.DEFAULTS);
  }

  /** The folder that is used where none is configured, in the working directory. */
  public static final Path DEFAULT_DATA = Path.of("rootstock-data");

  /** IANA's port for iSCSI. */
  public static final int ISCSI_PORT = 3260;

  /** What holds where there is no file. */
  public static Configuration defaults() {
    return new Configuration(
        DEFAULT_DATA,
        null,
        Iscsi.DEFAULTS,
        Dhcp.OFF,
        BootFileSettings.DEFAULTS,
        Http.OFF,
        Slp.OFF,
        Isns.OFF,
        Unknown.IGNORE,
        false);
  }

  /** The same with another data directory. */
  public Configuration withData(Path other) {
    return new Configuration(
        other,
        server,
        iscsi,
        dhcp,
        bootFiles,
        http,
        slp,
        isns,
        unknown,
        takeover,
        storeLimit,
        memory);
  }

  /**
   * What is in RAM.
   *
   * @param directory a tmpfs, or a folder in one, where the disks of clients with mode {@code
   *     memory} are
   * @param limit bytes that the service may take beside those disks, or {@link #NO_LIMIT} for what
   *     its JVM takes by itself: a quarter of the machine's memory for objects, and as much again
   *     for the network's buffers
   * @param disks bytes that all of those disks may take together
   */
  public record Memory(Path directory, long limit, long disks) {
    static final Memory DEFAULTS =
        new Memory(LocalImageStore.MEMORY, NO_LIMIT, LocalImageStore.halfOfMemory());
  }

  /** What becomes of machines that are no clients. */
  public sealed interface Unknown {
    /** Nothing: other servers may know them. */
    Unknown IGNORE = new Unknown.Ignore();

    /** They get no answer either, and are listed until somebody approves them. */
    Unknown PENDING = new Unknown.Pending();

    /** Nobody takes notice of them. */
    record Ignore() implements Unknown {}

    /** They are listed. */
    record Pending() implements Unknown {}

    /** Those that the rule takes become clients, and the others are listed. */
    record Enrol(EnrolRule rule) implements Unknown {}
  }

  /**
   * The target.
   *
   * @param listen the portals in their groups; port 0 takes a free one
   * @param namePrefix what target names begin with, or null for the one made at installation
   * @param chap who has to prove themselves
   * @param discovery by what every client's discovery sessions prove themselves; null for nothing
   * @param spin how long a thread looks for more commands before it sleeps; zero for not at all
   * @param pacing whether connections are paced where the system's congestion control does that
   */
  public record Iscsi(
      List<Portal> listen,
      @Nullable String namePrefix,
      ChapMode chap,
      @Nullable DiscoverySecret discovery,
      Duration spin,
      boolean pacing) {
    static final Iscsi DEFAULTS =
        new Iscsi(List.of(new InetSocketAddress("0.0.0.0", ISCSI_PORT)), null);

    public Iscsi {
      listen = List.copyOf(listen);
    }

    /** Portals of one group, and CHAP for the clients that have a secret. */
    public Iscsi(List<InetSocketAddress> listen, @Nullable String namePrefix) {
      this(
          listen.stream().map(Portal::new).toList(),
          namePrefix,
          ChapMode.PER_CLIENT,
          null,
          Duration.ZERO,
          false);
    }
  }

  /** Who has to prove themselves by CHAP. */
  public enum ChapMode {
    /** Nobody, not even a client that has a secret. */
    NONE,
    /** The clients that have a secret. */
    PER_CLIENT,
    /** All; a client without a secret gets no disk. */
    REQUIRED;

    /** As it is written. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /**
   * Where the secret for discovery is; only the server reads it.
   *
   * @param user the name that goes with it
   */
  public record DiscoverySecret(String user, Path file) {}

  /** The DHCP server, or none. */
  public sealed interface Dhcp {
    /** No DHCP at all. */
    Dhcp OFF = new Dhcp.Off();

    /** No socket is opened. */
    record Off() implements Dhcp {}

    /**
     * Gives known clients their addresses and what they boot from.
     *
     * @param subnets the networks, at least one of them on an interface
     * @param lease how long a stranger's address is his; known clients keep theirs for ever
     * @param strangers whether machines that are no clients get an address
     * @param conflictCheck whether to look if another machine has an address before it is offered
     * @param routerAdvertisements whether to tell machines that no IPv6 router is worth waiting for
     * @param scripted whether iPXE gets a script over HTTP, and not a root path
     */
    record Server(
        List<Subnet> subnets,
        Duration lease,
        boolean strangers,
        boolean conflictCheck,
        boolean routerAdvertisements,
        boolean scripted)
        implements Dhcp {
      public Server {
        subnets = List.copyOf(subnets);
      }
    }

    /**
     * A network: on an interface of this machine, or behind a relay agent.
     *
     * @param networkInterface the interface that is on it; of a network behind a relay agent the
     *     one by which the relay reaches us, or null for the first
     * @param address ours on the interface, or null for its only one, or for {@code server}
     * @param network of one behind a relay agent, else null
     * @param first the lowest address to give out, or null where only clients get an answer that
     *     have one of their own
     * @param last the highest, or null likewise
     * @param router the gateway that clients are told, or null for none
     * @param netmask the mask, or null for the interface's own
     * @param facts what else clients are told
     */
    record Subnet(
        @Nullable String networkInterface,
        @Nullable Inet4Address address,
        @Nullable Network network,
        @Nullable Inet4Address first,
        @Nullable Inet4Address last,
        @Nullable Inet4Address router,
        @Nullable Inet4Address netmask,
        Facts facts) {}

    /**
     * A network's own address.
     *
     * @param prefixLength 1 to 30
     */
    record Network(Inet4Address address, int prefixLength) {}

    /**
     * Says what to boot, beside a server that gives the addresses.
     *
     * @param interfaces the interfaces to serve, at least one
     * @param routerAdvertisements as for a server; the network may well have routers of its own
     */
    record Proxy(List<String> interfaces, boolean routerAdvertisements) implements Dhcp {
      public Proxy {
        interfaces = List.copyOf(interfaces);
      }
    }

    /**
     * What else clients of the network are told, where they ask.
     *
     * @param nameServers may be empty
     * @param ntpServers may be empty
     * @param domain null for none
     * @param mtu of the network, or 0 to say nothing
     */
    record Facts(
        List<Inet4Address> nameServers,
        List<Inet4Address> ntpServers,
        @Nullable String domain,
        int mtu) {
      /** Nothing is told. */
      public static final Facts NONE = new Facts(List.of(), List.of(), null, 0);

      public Facts {
        nameServers = List.copyOf(nameServers);
        ntpServers = List.copyOf(ntpServers);
      }
    }
  }

  /**
   * The programs that firmware without iPXE loads.
   *
   * @param tftp whether they are served over TFTP, by the address of the network that DHCP serves
   * @param root their folder
   * @param bios the one for a BIOS
   * @param uefiX64 for UEFI on x86-64
   * @param uefiArm64 for UEFI on 64-bit ARM, or null for none: Debian has none
   * @param signedX64 for UEFI on x86-64 with Secure Boot, or null for the first of {@link
   *     #SIGNED_X64} that is there
   * @param signedArm64 the same for 64-bit ARM, and {@link #SIGNED_ARM64}
   */
  public record BootFileSettings(
      boolean tftp,
      Path root,
      String bios,
      String uefiX64,
      @Nullable String uefiArm64,
      @Nullable String signedX64,
      @Nullable String signedArm64) {
    /** As iPXE's release has its signed shim, and Debian's package shim-signed. */
    public static final List<String> SIGNED_X64 =
        List.of("x86_64-sb/shimx64.efi", "shimx64.efi", "shimx64.efi.signed");

    /** The same for 64-bit ARM. */
    public static final List<String> SIGNED_ARM64 =
        List.of("arm64-sb/shimaa64.efi", "shimaa64.efi", "shimaa64.efi.signed");

    /** Where Debian's package ipxe has them; nothing is served. */
    static final BootFileSettings DEFAULTS =
        new BootFileSettings(
            false, Path.of("/usr/lib/ipxe"), "undionly.kpxe", "snponly.efi", null, null, null);
  }

  /**
   * The HTTP server.
   *
   * @param listen where; empty for not at all. Port 0 takes a free one
   * @param templates a folder whose files stand in for our own templates of scripts, or null
   */
  public record Http(List<InetSocketAddress> listen, @Nullable Path templates) {
    /** No socket is opened. */
    static final Http OFF = new Http(List.of(), null);

    public Http {
      listen = List.copyOf(listen);
    }
  }

  /** The iSNS server, or none. */
  public sealed interface Isns {
    /** No iSNS at all. */
    Isns OFF = new Isns.Off();

    /** No socket is opened. */
    record Off() implements Isns {}

    /**
     * Tells initiators of our targets.
     *
     * @param listen where; null for the address that clients are told
     */
    record Server(@Nullable InetSocketAddress listen) implements Isns {}
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
     * @param directoryAgent whether others may register their services here
     * @param registering whether open targets are registered with others' directory agents
     * @param directories addresses of such, beside those that are found
     */
    record Agent(
        List<String> scopes,
        @Nullable String networkInterface,
        boolean directoryAgent,
        boolean registering,
        List<Inet4Address> directories)
        implements Slp {
      public Agent {
        scopes = List.copyOf(scopes);
        directories = List.copyOf(directories);
      }

      /** An agent that registers with the directory agents that it finds. */
      public Agent(List<String> scopes, @Nullable String networkInterface, boolean directoryAgent) {
        this(scopes, networkInterface, directoryAgent, true, List.of());
      }
    }
  }
}
