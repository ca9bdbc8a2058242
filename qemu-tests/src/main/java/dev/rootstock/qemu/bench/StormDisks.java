// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The disks of one storm, new and empty but for what all clients share.
 *
 * @param server who serves them, as the table names it
 * @param process the server's; empty when it is not on this computer, or not ours to see
 * @param disks one for each machine
 * @param removal takes the disks away
 */
record StormDisks(String server, Optional<ProcessHandle> process, List<Disk> disks, Removal removal)
    implements AutoCloseable {

  StormDisks {
    disks = List.copyOf(disks);
  }

  /** What undoes what was done for a storm. */
  interface Removal {
    void remove() throws Exception;
  }

  @Override
  public void close() throws IOException {
    try {
      removal.remove();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException("the disks were not removed: " + e.getMessage(), e);
    }
  }
}
