// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

/**
 * What a machine loads next: a program for firmware, or a script for iPXE.
 *
 * @param name the path of a file on our TFTP server, or an HTTP URL; 1 to 255 printable characters
 *     of ASCII
 */
public record BootProgram(String name) {
  private static final String HTTP = "http://";

  public BootProgram {
    if (name.isEmpty()
        || name.length() > Limits.OPTION
        || name.chars().anyMatch(c -> c <= 0x20 || c >= 0x7F)) {
      throw new IllegalArgumentException("no name of a boot file: " + name);
    }
  }

  /** Whether it comes over HTTP, and not over TFTP. */
  public boolean isUrl() {
    return name.startsWith(HTTP);
  }
}
