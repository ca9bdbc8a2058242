// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Option 175, iPXE's own: options inside an option (as RFC 2132 §8.4 has it for vendors). iPXE
 * tells its features with it, and takes hints in the same form.
 *
 * @param values hexadecimal values by code, 1 to 254
 */
public record IpxeOptions(SortedMap<Integer, String> values) {
  /** Not zero: the disk stays attached when booting from it fails. */
  public static final int KEEP_SAN = 0x08;

  /** Not zero: the disk is attached and not booted from, as an installer wants it. */
  public static final int SKIP_SAN_BOOT = 0x09;

  /** What an iPXE can do, as it tells by option 175: to attach iSCSI disks, and to load by HTTP. */
  public static final int FEATURE_ISCSI = 0x11;

  public static final int FEATURE_HTTP = 0x13;

  private static final int FIRST_FEATURE = 0x10;
  private static final int LAST_FEATURE = 0x4F;

  /** Not zero: iPXE does not wait three seconds for a proxyDHCP server. */
  public static final int NO_PXEDHCP = 0xB0;

  /** By what iPXE proves itself to a target by CHAP; it leaves them to the system in the iBFT. */
  public static final int USERNAME = 0xBE;

  public static final int PASSWORD = 0xBF;

  /** By what the target has to prove itself to iPXE. */
  public static final int REVERSE_USERNAME = 0xC0;

  public static final int REVERSE_PASSWORD = 0xC1;

  private static final Set<Integer> SECRETS =
      Set.of(USERNAME, PASSWORD, REVERSE_USERNAME, REVERSE_PASSWORD);

  private static final int PAD = 0;
  private static final int END = 255;
  private static final String ON = "01";

  public IpxeOptions {
    values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
  }

  /** Hints that are all switches, each on. */
  public static IpxeOptions switchedOn(int... codes) {
    TreeMap<Integer, String> values = new TreeMap<>();
    for (int code : codes) {
      values.put(code, ON);
    }
    return new IpxeOptions(values);
  }

  /** The same with a text. */
  public IpxeOptions with(int code, String text) {
    TreeMap<Integer, String> more = new TreeMap<>(values);
    more.put(code, HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII)));
    return new IpxeOptions(more);
  }

  /** The same without what CHAP takes. */
  public IpxeOptions withoutSecrets() {
    TreeMap<Integer, String> told = new TreeMap<>(values);
    told.keySet().removeAll(SECRETS);
    return new IpxeOptions(told);
  }

  /**
   * Whether an iPXE says that it was built without something. One that tells of no feature at all,
   * as its options were once, says nothing.
   *
   * @param feature {@link #FEATURE_ISCSI} or {@link #FEATURE_HTTP}
   */
  public boolean lacks(int feature) {
    return !values.subMap(FIRST_FEATURE, LAST_FEATURE + 1).isEmpty()
        && !values.containsKey(feature);
  }

  /** Without the values: there may be secrets among them. */
  @Override
  public String toString() {
    return "IpxeOptions" + values.keySet();
  }

  static IpxeOptions decode(byte[] option) throws MalformedDhcpException {
    TreeMap<Integer, String> values = new TreeMap<>();
    int at = 0;
    while (at < option.length) {
      int code = option[at++] & 0xFF;
      if (code == END) {
        break;
      }
      if (code == PAD) {
        continue;
      }
      int length = at < option.length ? option[at] & 0xFF : Limits.OPTION;
      if (at + 1 + length > option.length) {
        throw new MalformedDhcpException("option " + code + " inside iPXE's own is cut off");
      }
      values.put(code, HexFormat.of().formatHex(option, at + 1, at + 1 + length));
      at += 1 + length;
    }
    return new IpxeOptions(values);
  }

  byte[] encode() {
    ByteArrayOutputStream option = new ByteArrayOutputStream();
    for (Map.Entry<Integer, String> each : values.entrySet()) {
      byte[] value = HexFormat.of().parseHex(each.getValue());
      option.write(each.getKey());
      option.write(value.length);
      option.writeBytes(value);
    }
    return option.toByteArray();
  }
}
