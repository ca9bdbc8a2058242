// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.RootPath;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What a client's script has to hold.
 *
 * @param name its name
 * @param initiator the name that its initiator takes
 * @param disks its disks, the one to boot from first
 * @param address the client's own, where it is known
 * @param secrets by what it proves itself, where its administrator has them handed out
 * @param refusal why it may not boot, in one line; empty where it may
 * @param menu what whoever is at the machine may choose from
 * @param install whether its disks are attached only, and it boots from something else
 */
public record ScriptClient(
    String name,
    IscsiName initiator,
    List<Disk> disks,
    Optional<InetAddress> address,
    Optional<Secrets> secrets,
    Optional<String> refusal,
    Optional<Menu> menu,
    boolean install) {
  public ScriptClient {
    disks = List.copyOf(disks);
  }

  /**
   * A disk.
   *
   * @param paths one for each portal that it is reached by; at least one
   */
  public record Disk(List<RootPath> paths) {
    public Disk {
      paths = List.copyOf(paths);
    }
  }

  /**
   * Images by their names, in which nothing is more than text to iPXE.
   *
   * @param images in the order in which they are shown
   * @param preselected the one of them that the machine boots when nobody chooses
   */
  public record Menu(List<String> images, String preselected) {
    public Menu {
      images = List.copyOf(images);
    }
  }

  /**
   * What CHAP takes.
   *
   * @param target by what the target proves itself, if it has to
   */
  public record Secrets(Account client, Optional<Account> target) {}

  /** A name and the secret that goes with it. */
  public record Account(String user, String secret) {
    /** Without the secret. */
    @Override
    public String toString() {
      return "Account[" + user + "]";
    }
  }
}
