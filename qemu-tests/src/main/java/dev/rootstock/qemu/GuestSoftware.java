// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/** The kernel and the programs of a test machine, unpacked from packages of the distribution. */
final class GuestSoftware {
  /** Packages that name the newest small kernel: Debian's, then Ubuntu's. */
  private static final List<String> KERNELS =
      List.of("linux-image-cloud-amd64", "linux-image-virtual");

  private final Path tree;
  private final KernelModules modules;

  private GuestSoftware(Path tree, KernelModules modules) {
    this.tree = tree;
    this.modules = modules;
  }

  /** Fetches and unpacks everything into {@code tree}. */
  static GuestSoftware unpack(DebianPackages packages, Path tree)
      throws IOException, InterruptedException {
    String kernel = null;
    for (String candidate : KERNELS) {
      if (packages.isAvailable(candidate)) {
        kernel = candidate;
        break;
      }
    }
    if (kernel == null) {
      throw new IOException(
          "apt has none of the kernel packages "
              + String.join(", ", KERNELS)
              + "; run: apt-get update");
    }
    packages.unpack(
        Set.of(kernel, "busybox-static", "open-iscsi", "klibc-utils"),
        name -> name.startsWith("lib") || name.matches("linux-(image|modules)-\\d.*"),
        tree);
    return new GuestSoftware(tree, KernelModules.in(tree));
  }

  String kernelRelease() {
    return modules.release();
  }

  Path kernel() throws IOException {
    return find("boot/vmlinuz-" + modules.release());
  }

  /** Makes the first root: enough to reach the second one over iSCSI. */
  void writeInitramfs(Path archive, Path folder) throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve("dev"));
    program(folder, "init", GoldenImageMaker.resource("initramfs-init"));
    copyBusybox(folder);
    copyProgram("sbin/iscsistart", folder);
    Path klibc = find("usr/lib/klibc/bin/ipconfig");
    copy(klibc, folder.resolve("bin/ipconfig"));
    for (Path library : glob("klibc-*.so")) {
      copy(library, folder.resolve("lib").resolve(library.getFileName()));
    }
    modules.copyTo(folder);
    try (var cpio =
        new CpioArchive(
            new GZIPOutputStream(new BufferedOutputStream(Files.newOutputStream(archive))))) {
      cpio.addTree(folder);
      cpio.addCharacterDevice("dev/console", 5, 1);
    }
  }

  /** Makes the tree of the real root, without kernel and initramfs. */
  void writeRoot(Path folder) throws IOException, InterruptedException {
    for (String empty : List.of("dev", "etc/iscsi", "proc", "run", "sys", "tmp", "var")) {
      Files.createDirectories(folder.resolve(empty));
    }
    program(folder, "sbin/init", GoldenImageMaker.resource("init"));
    copyBusybox(folder);
    copyProgram("sbin/iscsid", folder);
    copy(find("etc/iscsi/iscsid.conf"), folder.resolve("etc/iscsi/iscsid.conf"));
    // iscsid looks the name of its caller up.
    Files.writeString(folder.resolve("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n");
  }

  private void copyBusybox(Path folder) throws IOException {
    copy(find("bin/busybox"), folder.resolve("bin/busybox"));
  }

  /** Copies a program with the libraries that its loader finds for it, all from our packages. */
  private void copyProgram(String name, Path folder) throws IOException, InterruptedException {
    Path program = find(name);
    copy(program, inside(folder, name));
    Path loader = glob("ld-linux-x86-64.so.2").getFirst();
    copy(loader, folder.resolve("lib64/ld-linux-x86-64.so.2"));

    var folders = new LinkedHashSet<String>();
    for (Path library : glob("lib*.so.*")) {
      folders.add(library.resolveSibling("").toString());
    }
    String printed =
        Tool.run(
            loader.toString(),
            "--inhibit-cache",
            "--library-path",
            String.join(":", folders),
            "--list",
            program.toString());
    for (String line : printed.lines().filter(l -> l.contains(" => ")).toList()) {
      String[] parts = line.strip().split(" => ", -1);
      Path library = Path.of(parts[1].split(" \\(", -1)[0]);
      if (!library.startsWith(tree)) {
        throw new IOException(program + " needs " + parts[0] + ", which no fetched package holds");
      }
      // The loader itself is listed by an absolute path; it has been copied.
      if (!parts[0].startsWith("/")) {
        copy(library, inside(folder, "lib/x86_64-linux-gnu/" + parts[0]));
      }
    }
  }

  private static void program(Path folder, String name, byte[] text) throws IOException {
    Path file = inside(folder, name);
    Files.createDirectories(file.getParent());
    Files.write(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** A path of the guest as a path of ours, which never leads out of its folder. */
  private static Path inside(Path folder, String name) {
    Path path = folder.resolve(name).normalize();
    if (!path.startsWith(folder)) {
      throw new IllegalArgumentException(name + " leads out of " + folder);
    }
    return path;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
  }

  /** A file of the packages, wherever the distribution's merge of / and /usr has put it. */
  private Path find(String name) throws IOException {
    for (String prefix : List.of("", "usr/")) {
      Path candidate = tree.resolve(prefix + name);
      if (Files.exists(candidate)) {
        return candidate;
      }
    }
    throw new IOException("no fetched package holds " + name);
  }

  /** Regular files and links to them, by file name. */
  private List<Path> glob(String pattern) throws IOException {
    PathMatcher matcher = tree.getFileSystem().getPathMatcher("glob:" + pattern);
    List<Path> found =
        FileTree.list(tree).stream()
            .filter(p -> matcher.matches(p.getFileName()) && Files.isRegularFile(p))
            .toList();
    if (found.isEmpty()) {
      throw new IOException("no fetched package holds " + pattern);
    }
    return found;
  }
}
