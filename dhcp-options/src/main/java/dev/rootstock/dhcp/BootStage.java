// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/** Who asks: one start of a machine makes several DHCP clients, one after the other. */
public enum BootStage {
  /** A PXE ROM or UEFI, which needs a boot file before it can use a root path. */
  FIRMWARE,
  /** iPXE, in a ROM or loaded: it attaches the root path's disk itself. */
  IPXE,
  /** Anything later: an initramfs, an installed operating system. */
  SYSTEM;

  private static final String PXE_CLIENT = "PXEClient";
  private static final String HTTP_CLIENT = "HTTPClient";

  /**
   * Tells the stage from options 175 and 77 (iPXE), 60 and 93 (any boot firmware).
   *
   * @throws MalformedDhcpException if one of them cannot be read
   */
  public static BootStage of(DhcpOptions options) throws MalformedDhcpException {
    if (options.has(DhcpOption.IPXE)
        || options.get(DhcpOption.USER_CLASS).map(UserClass::isIpxe).orElse(false)) {
      return IPXE;
    }
    boolean firmware =
        options
            .get(DhcpOption.VENDOR_CLASS)
            .map(text -> text.startsWith(PXE_CLIENT) || text.startsWith(HTTP_CLIENT))
            .orElse(false);
    return firmware || options.has(DhcpOption.ARCHITECTURES) ? FIRMWARE : SYSTEM;
  }

  /** Whether a client is UEFI's HTTP boot, which takes answers of its own class only. */
  public static boolean isHttpBoot(DhcpOptions options) throws MalformedDhcpException {
    return options
        .get(DhcpOption.VENDOR_CLASS)
        .map(text -> text.startsWith(HTTP_CLIENT))
        .orElse(false);
  }

  /** Whether its DISCOVER can be the beginning of a boot. */
  public boolean isBootFirmware() {
    return this != SYSTEM;
  }
}
