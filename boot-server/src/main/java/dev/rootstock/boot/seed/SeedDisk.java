// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.seed;

import dev.rootstock.images.block.Geometry;
import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.images.store.LeasedDisk;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The disk that tells cloud-init who its machine is: its data source NoCloud looks for a file
 * system labelled {@code cidata}, and in it for {@code meta-data} and {@code user-data}.
 */
public final class SeedDisk {
  private static final String LABEL = "CIDATA";
  private static final byte[] NOTHING = "#cloud-config\n".getBytes(StandardCharsets.US_ASCII);

  private SeedDisk() {}

  /**
   * The bytes of the disk; the same for the same arguments.
   *
   * @param instance what makes cloud-init begin anew when it changes
   * @param hostname the machine's name
   */
  public static byte[] image(String instance, String hostname, SeedContent content) {
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put(
        "meta-data",
        metaData(instance, hostname, content.keys()).getBytes(StandardCharsets.US_ASCII));
    files.put("user-data", NOTHING); // it has to be there, or the disk is none of NoCloud's
    files.putAll(content.decoded());
    return FatImage.of(LABEL, files);
  }

  /** A device that shows such bytes and cannot be written. */
  public static LeasedDisk lease(byte[] image) {
    MemoryBlockDevice device =
        new MemoryBlockDevice(new Geometry(image.length, FatImage.SECTOR, FatImage.SECTOR, true));
    device.fill(0, image);
    return new LeasedDisk(device);
  }

  private static String metaData(String instance, String hostname, List<String> keys) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("instance-id: ").append(quoted(instance)).append('\n');
    yaml.append("local-hostname: ").append(quoted(hostname)).append('\n');
    if (!keys.isEmpty()) {
      yaml.append("public-keys:\n");
      keys.forEach(key -> yaml.append("  - ").append(quoted(key)).append('\n'));
    }
    return yaml.toString();
  }

  /** Quoted, for a client may be called 007 or null. */
  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
