// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a machine starts with: firmware, and its network card with or without iPXE in its ROM. */
enum Firmware {
  BIOS {
    @Override
    List<String> options(Path folder) {
      return List.of("-machine", "pc");
    }
  },
  UEFI {
    @Override
    List<String> options(Path folder) throws IOException {
      Path code = first("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd");
      Path template = first("/usr/share/OVMF/OVMF_VARS_4M.fd", "/usr/share/OVMF/OVMF_VARS.fd");
      // The machine's own settings: a second boot of it finds those of the first.
      Path variables = folder.resolve("uefi-variables.fd");
      if (!Files.exists(variables)) {
        Files.copy(template, variables);
      }
      return List.of(
          "-machine",
          "q35",
          "-drive",
          "if=pflash,format=raw,unit=0,readonly=on,file=" + code,
          "-drive",
          "if=pflash,format=raw,unit=1,file=" + variables);
    }
  },
  /** UEFI's own PXE has to load iPXE before anything can attach a disk. */
  UEFI_WITHOUT_IPXE {
    @Override
    List<String> options(Path folder) throws IOException {
      return UEFI.options(folder);
    }

    @Override
    String card() {
      return ",romfile=";
    }
  },
  /** UEFI's HTTP boot, and nothing else of UEFI's network boots. */
  UEFI_BY_HTTP {
    @Override
    List<String> options(Path folder) throws IOException {
      var options = new ArrayList<>(UEFI.options(folder));
      // OVMF tries PXE first, over IPv4 and IPv6, and each takes a minute to give up.
      for (String pxe : List.of("IPv4PXESupport", "IPv6PXESupport")) {
        options.addAll(List.of("-fw_cfg", "name=opt/org.tianocore/" + pxe + ",string=no"));
      }
      return options;
    }

    @Override
    String card() {
      return UEFI_WITHOUT_IPXE.card();
    }
  };

  abstract List<String> options(Path folder) throws IOException;

  /** What the network card's options end with. */
  String card() {
    return "";
  }

  private static Path first(String... candidates) throws IOException {
    for (String candidate : candidates) {
      if (Files.exists(Path.of(candidate))) {
        return Path.of(candidate);
      }
    }
    throw new IOException("UEFI firmware is not installed; run: apt-get install -y ovmf");
  }
}
