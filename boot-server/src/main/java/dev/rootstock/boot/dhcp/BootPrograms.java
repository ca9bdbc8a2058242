// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.BootProgram;
import dev.rootstock.dhcp.BootStage;
import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.MalformedDhcpException;
import java.net.Inet4Address;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What machines load before they can attach a disk: iPXE for firmware that has none, and a script
 * for iPXE. An iPXE that can attach a disk never gets a program, so the chain has an end; one that
 * was built without iSCSI gets a whole one, and {@link ChainGuard} ends the chain where that is
 * none.
 *
 * @param files the program of each platform that there is one for
 * @param signed the program of each platform that Secure Boot lets run, where there is one
 * @param tftp whether we serve them over TFTP
 * @param http the port on which we serve them, and scripts, over HTTP; empty where we do not
 * @param scripted whether iPXE gets a script, and not a root path
 */
public record BootPrograms(
    Map<Platform, String> files,
    Map<Platform, String> signed,
    boolean tftp,
    OptionalInt http,
    boolean scripted) {

  /** Nothing is served: firmware without iPXE needs another server for its program. */
  public static final BootPrograms NONE =
      new BootPrograms(Map.of(), false, OptionalInt.empty(), false);

  /** What a program is made for. */
  public enum Platform {
    BIOS,
    UEFI_X64,
    UEFI_ARM64
  }

  public BootPrograms {
    files = Map.copyOf(files);
    signed = Map.copyOf(signed);
  }

  /** Without signed programs. */
  public BootPrograms(
      Map<Platform, String> files, boolean tftp, OptionalInt http, boolean scripted) {
    this(files, Map.of(), tftp, http, scripted);
  }

  /**
   * What a client loads next.
   *
   * @param client its name
   * @param server our address, as the client reaches it
   * @return empty where it needs nothing, or where we have nothing for it
   */
  Optional<BootProgram> next(DhcpOptions options, String client, Inet4Address server)
      throws MalformedDhcpException {
    return next(options, client, false, server);
  }

  /** What a client loads next. */
  Optional<BootProgram> next(DhcpOptions options, DhcpClient client, Inet4Address server)
      throws MalformedDhcpException {
    return next(options, client.name(), client.secureBoot(), server);
  }

  private Optional<BootProgram> next(
      DhcpOptions options, String client, boolean secureBoot, Inet4Address server)
      throws MalformedDhcpException {
    return switch (BootStage.of(options)) {
      case FIRMWARE -> forFirmware(options, secureBoot, server);
      case IPXE -> forIpxe(options, client, secureBoot, server);
      case SYSTEM -> Optional.empty();
    };
  }

  private Optional<BootProgram> forIpxe(
      DhcpOptions options, String client, boolean secureBoot, Inet4Address server)
      throws MalformedDhcpException {
    if (lacks(options, IpxeOptions.FEATURE_ISCSI)) {
      return forFirmware(options, secureBoot, server);
    }
    return scripted && !lacks(options, IpxeOptions.FEATURE_HTTP)
        ? script(client, server)
        : Optional.empty();
  }

  /** Whether an iPXE asks that cannot attach a disk, so that another program has to. */
  static boolean needsAnotherIpxe(DhcpOptions options) throws MalformedDhcpException {
    return BootStage.of(options) == BootStage.IPXE && lacks(options, IpxeOptions.FEATURE_ISCSI);
  }

  private static boolean lacks(DhcpOptions options, int feature) throws MalformedDhcpException {
    return options.get(DhcpOption.IPXE).map(told -> told.lacks(feature)).orElse(false);
  }

  private Optional<BootProgram> script(String client, Inet4Address server) {
    return url(server, "/script/" + client);
  }

  /** With Secure Boot no other program would run; a BIOS has no Secure Boot. */
  private Optional<BootProgram> forFirmware(
      DhcpOptions options, boolean secureBoot, Inet4Address server) throws MalformedDhcpException {
    Optional<Platform> platform = platform(options);
    boolean asSigned = secureBoot && platform.filter(Platform.BIOS::equals).isEmpty();
    Optional<String> file = platform.map(asSigned ? signed::get : files::get);
    if (file.isEmpty()) {
      return Optional.empty();
    }
    if (BootStage.isHttpBoot(options)) {
      return url(server, "/boot/" + file.get());
    }
    return tftp ? file.map(BootProgram::new) : Optional.empty();
  }

  private Optional<BootProgram> url(Inet4Address server, String path) {
    return http.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new BootProgram(
                "http://%s:%d%s".formatted(server.getHostAddress(), http.getAsInt(), path)));
  }

  /** Option 93; a ROM that sends none is from before UEFI. */
  private static Optional<Platform> platform(DhcpOptions options) throws MalformedDhcpException {
    List<ClientArchitecture> all =
        options.get(DhcpOption.ARCHITECTURES).orElse(List.of(ClientArchitecture.BIOS));
    for (ClientArchitecture each : all) {
      if (each.equals(ClientArchitecture.BIOS)) {
        return Optional.of(Platform.BIOS);
      }
      if (each.isUefiX64()) {
        return Optional.of(Platform.UEFI_X64);
      }
      if (each.isUefiArm64()) {
        return Optional.of(Platform.UEFI_ARM64);
      }
    }
    return Optional.empty();
  }
}
