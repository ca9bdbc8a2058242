// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import static dev.rootstock.dhcp.MessageType.DISCOVER;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.dhcp.BootPrograms.Platform;
import dev.rootstock.dhcp.BootProgram;
import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.IpxeOptions;
import java.net.Inet4Address;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 4578 §2.1 and IANA's "Processor Architecture Types". */
class BootProgramsTest {
  private static final Inet4Address SERVER = Inet4Address.ofLiteral("10.77.0.1");
  private static final Map<Platform, String> FILES =
      Map.of(Platform.BIOS, "b", Platform.UEFI_X64, "x", Platform.UEFI_ARM64, "a");

  private static String next(BootPrograms programs, Request request) throws Exception {
    return programs
        .next(request.packet().options(), "alpha", SERVER)
        .map(BootProgram::name)
        .orElse("nothing");
  }

  private static Request firmware(String vendorClass, int architecture) {
    return Request.of(DISCOVER, "52:54:00:77:00:01")
        .with(DhcpOption.VENDOR_CLASS, vendorClass)
        .with(DhcpOption.ARCHITECTURES, List.of(new ClientArchitecture(architecture)));
  }

  @ParameterizedTest
  @CsvSource({
    "PXEClient, 0, b",
    "PXEClient, 7, x",
    "PXEClient, 9, x",
    "PXEClient, 11, a",
    "PXEClient, 6, nothing",
    "PXEClient, 31, nothing",
    "HTTPClient, 16, http://10.77.0.1:8080/boot/x",
    "HTTPClient, 19, http://10.77.0.1:8080/boot/a",
  })
  void eachKindOfFirmwareGetsItsProgram(String vendorClass, int architecture, String expected)
      throws Exception {
    BootPrograms programs = new BootPrograms(FILES, true, OptionalInt.of(8080), true);
    assertEquals(expected, next(programs, firmware(vendorClass, architecture)));
  }

  @ParameterizedTest
  @CsvSource({
    // what it is, whether it wants signed programs, what it gets
    "PXEClient, 0, true, b",
    "PXEClient, 7, true, sb/x",
    "PXEClient, 9, true, sb/x",
    "PXEClient, 11, true, nothing",
    "PXEClient, 7, false, x",
    "HTTPClient, 16, true, http://10.77.0.1:8080/boot/sb/x",
    "HTTPClient, 19, true, nothing",
  })
  void secureBootGetsASignedProgramOrNone(
      String vendorClass, int architecture, boolean secureBoot, String expected) throws Exception {
    BootPrograms programs =
        new BootPrograms(
            FILES, Map.of(Platform.UEFI_X64, "sb/x"), true, OptionalInt.of(8080), true);
    DhcpClient client =
        new DhcpClient(
            "alpha",
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty(),
            DhcpClient.HINTS,
            secureBoot);
    assertEquals(
        expected,
        programs
            .next(firmware(vendorClass, architecture).packet().options(), client, SERVER)
            .map(BootProgram::name)
            .orElse("nothing"));
  }

  /** iPXE runs already: what let it run is not asked again. */
  @Test
  void ipxeUnderSecureBootGetsItsScript() throws Exception {
    BootPrograms programs = new BootPrograms(FILES, Map.of(), false, OptionalInt.of(8080), true);
    DhcpClient client =
        new DhcpClient(
            "alpha",
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty(),
            DhcpClient.HINTS,
            true);
    Request ipxe = Request.of(DISCOVER, "52:54:00:77:00:01").ipxe();
    assertEquals(
        Optional.of("http://10.77.0.1:8080/script/alpha"),
        programs.next(ipxe.packet().options(), client, SERVER).map(BootProgram::name));
  }

  /** Before RFC 4578 there was no UEFI. */
  @Test
  void aRomThatSaysNothingIsABios() throws Exception {
    BootPrograms programs = new BootPrograms(FILES, true, OptionalInt.empty(), false);
    assertEquals(
        "b",
        next(
            programs,
            Request.of(DISCOVER, "52:54:00:77:00:01")
                .with(DhcpOption.VENDOR_CLASS, "PXEClient:Arch:00000")));
  }

  /** iPXE that was loaded by PXE must not load itself again and again. */
  @Test
  void ipxeNeverGetsAProgram() throws Exception {
    Request ipxe = Request.of(DISCOVER, "52:54:00:77:00:01").ipxe();
    BootPrograms byRootPath = new BootPrograms(FILES, true, OptionalInt.of(8080), false);
    assertEquals("nothing", next(byRootPath, ipxe));
    BootPrograms byScript = new BootPrograms(FILES, true, OptionalInt.of(8080), true);
    assertEquals("http://10.77.0.1:8080/script/alpha", next(byScript, ipxe));
  }

  /** A ROM that a maker built without iSCSI needs a whole iPXE first. */
  @Test
  void ipxeWithoutIscsiGetsAnother() throws Exception {
    BootPrograms programs = new BootPrograms(FILES, true, OptionalInt.of(8080), true);
    Request rom =
        firmware("PXEClient:Arch:00007", 7)
            .with(DhcpOption.IPXE, IpxeOptions.switchedOn(IpxeOptions.FEATURE_HTTP));
    assertEquals("x", next(programs, rom));
  }

  /** It tells hints, as a script may set them, and no feature: it is believed to have all. */
  @Test
  void ipxeThatTellsNoFeatureIsTakenForAWholeOne() throws Exception {
    BootPrograms programs = new BootPrograms(FILES, true, OptionalInt.of(8080), false);
    Request rom =
        firmware("PXEClient:Arch:00007", 7)
            .with(DhcpOption.IPXE, IpxeOptions.switchedOn(IpxeOptions.NO_PXEDHCP));
    assertEquals("nothing", next(programs, rom));
  }

  /** Its disk comes by option 17 then. */
  @Test
  void ipxeWithoutHttpGetsNoScript() throws Exception {
    BootPrograms programs = new BootPrograms(FILES, true, OptionalInt.of(8080), true);
    Request rom =
        firmware("PXEClient:Arch:00007", 7)
            .with(DhcpOption.IPXE, IpxeOptions.switchedOn(IpxeOptions.FEATURE_ISCSI));
    assertEquals("nothing", next(programs, rom));
  }

  @Test
  void whatIsNotServedIsNotNamed() throws Exception {
    BootPrograms none = BootPrograms.NONE;
    assertEquals("nothing", next(none, firmware("PXEClient", 7)));
    BootPrograms withoutTftp = new BootPrograms(FILES, false, OptionalInt.of(8080), true);
    assertEquals("nothing", next(withoutTftp, firmware("PXEClient", 7)));
    BootPrograms withoutHttp = new BootPrograms(FILES, true, OptionalInt.empty(), true);
    assertEquals("nothing", next(withoutHttp, firmware("HTTPClient", 16)));
  }
}
