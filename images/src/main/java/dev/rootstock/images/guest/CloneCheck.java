// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.guest;

import dev.rootstock.images.block.BlockDevice;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds on a disk what belongs to one machine, and would be the same on every machine that is made
 * from it: identities and keys. It looks into ext4 and its elders, and says what it did not look
 * into.
 */
public final class CloneCheck {
  private static final int LINE = 4096;

  private final GuestDisk disk;
  private final List<String> found = new ArrayList<>();

  private CloneCheck(BlockDevice device) {
    disk = new GuestDisk(device);
  }

  /**
   * One line for each thing. Blocks, for as long as some megabytes take to read; whatever stands on
   * the disk, it ends and throws nothing.
   */
  public static List<String> of(BlockDevice device) {
    CloneCheck check = new CloneCheck(device);
    check.look();
    return List.copyOf(check.found);
  }

  private void look() {
    List<Partition> partitions;
    try {
      partitions = Partition.of(disk);
    } catch (IOException unreadable) {
      found.add("the disk was not looked into: " + unreadable.getMessage());
      return;
    }
    for (Partition partition : partitions) {
      try {
        look(partition);
      } catch (IOException unreadable) {
        found.add(
            "%s was not looked into any further: %s"
                .formatted(partition.name(), unreadable.getMessage()));
      }
    }
  }

  private void look(Partition partition) throws IOException {
    FileSystem kind = partition.length() == 0 ? FileSystem.UNKNOWN : FileSystem.of(disk, partition);
    if (kind == FileSystem.EXT) {
      look(partition.name(), new Ext4(disk, partition));
    } else if (kind.matters()) {
      found.add(
          "%s holds %s and was not looked into: see to machine-id, SSH host keys and"
                  .formatted(partition.name(), kind.text())
              + " initiator name yourself");
    }
  }

  private void look(String where, Ext4 files) throws IOException {
    Optional<Ext4Inode> id = files.file("/etc/machine-id");
    if (id.isPresent()
        && !text(files, id.get()).isBlank()
        && !text(files, id.get()).strip().equals("uninitialized")) {
      found.add(
          "/etc/machine-id on %s is not empty: all clones would have one identity; empty it before"
                  .formatted(where)
              + " publishing");
    }
    List<String> keys =
        files.names("/etc/ssh").stream()
            .filter(name -> name.matches("ssh_host_[a-z0-9-]{1,32}_key"))
            .toList();
    if (!keys.isEmpty()) {
      found.add(
          "/etc/ssh on %s holds the host keys %s: all clones would have them; remove them before"
                  .formatted(where, String.join(", ", keys))
              + " publishing, and have them made at the first boot");
    }
    Optional<Ext4Inode> initiator = files.file("/etc/iscsi/initiatorname.iscsi");
    if (initiator.isPresent()
        && text(files, initiator.get())
            .lines()
            .anyMatch(line -> line.startsWith("InitiatorName="))) {
      found.add(
          "/etc/iscsi/initiatorname.iscsi on %s names one initiator: all clones would log in under"
                  .formatted(where)
              + " that name; remove it before publishing");
    }
  }

  private static String text(Ext4 files, Ext4Inode file) throws IOException {
    return new String(files.beginning(file, LINE), StandardCharsets.ISO_8859_1);
  }
}
