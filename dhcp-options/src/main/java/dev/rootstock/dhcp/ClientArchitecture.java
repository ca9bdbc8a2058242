// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One entry of option 93 (RFC 4578 §2.1, IANA's "Processor Architecture Types").
 *
 * @param code 0 to 65535
 */
public record ClientArchitecture(int code) {
  /** x86 with a BIOS. */
  public static final ClientArchitecture BIOS = new ClientArchitecture(0);

  /** UEFI on x86-64: 7 by IANA's registry; RFC 4578 itself said 9, and some firmware does. */
  public static final ClientArchitecture UEFI_X64 = new ClientArchitecture(7);

  /** UEFI on 64-bit ARM. */
  public static final ClientArchitecture UEFI_ARM64 = new ClientArchitecture(11);

  /** UEFI's HTTP boot on x86-64 and on 64-bit ARM. */
  public static final ClientArchitecture HTTP_X64 = new ClientArchitecture(16);

  public static final ClientArchitecture HTTP_ARM64 = new ClientArchitecture(19);

  private static final int X64_OF_THE_RFC = 9;

  /** Whether it is x86-64 with UEFI, by whichever number and whichever way of loading. */
  public boolean isUefiX64() {
    return equals(UEFI_X64) || code == X64_OF_THE_RFC || equals(HTTP_X64);
  }

  /** Whether it is 64-bit ARM with UEFI. */
  public boolean isUefiArm64() {
    return equals(UEFI_ARM64) || equals(HTTP_ARM64);
  }

  static List<ClientArchitecture> decodeAll(byte[] option) throws MalformedDhcpException {
    if (option.length == 0 || option.length % 2 != 0) {
      throw new MalformedDhcpException(
          "client architectures have two bytes each, not " + option.length + " in all");
    }
    List<ClientArchitecture> all = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(option);
    while (bytes.hasRemaining()) {
      all.add(new ClientArchitecture(bytes.getShort() & 0xFFFF));
    }
    return List.copyOf(all);
  }

  static byte[] encodeAll(List<ClientArchitecture> all) {
    ByteBuffer bytes = ByteBuffer.allocate(all.size() * 2);
    all.forEach(each -> bytes.putShort((short) each.code));
    return bytes.array();
  }
}
