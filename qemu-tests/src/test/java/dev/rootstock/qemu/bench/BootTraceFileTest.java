// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.qemu.bench.BootTrace.Kind;
import dev.rootstock.qemu.bench.BootTrace.Operation;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A recorded boot comes back from its file as it was, or not at all. */
class BootTraceFileTest {
  private static final BootTrace TRACE =
      new BootTrace(
          "a test",
          1 << 20,
          List.of(
              new Operation(0, 7, Kind.READ, 0, 512),
              new Operation(3, 0, Kind.WRITE, (1 << 20) - 4096, 4096),
              new Operation(3, 90, Kind.FLUSH, 0, 0),
              new Operation(1_000_000, 5, Kind.DISCARD, 512, 1024)));

  @Test
  void whatIsWrittenIsRead() throws Exception {
    assertEquals(TRACE, read(packed(TRACE)));
  }

  @Test
  void oursIsABootAndSmall() throws Exception {
    BootTrace ours = BootTraceFile.ours();

    assertTrue(ours.count(Kind.READ) > 1_000, "reads: " + ours.count(Kind.READ));
    assertTrue(ours.bytes(Kind.WRITE) > 0);
    assertTrue(ours.count(Kind.FLUSH) > 0);
    try (var file =
        Objects.requireNonNull(BootTraceFile.class.getResourceAsStream("debian-boot.trace.gz"))) {
      assertTrue(file.readAllBytes().length < 200 << 10);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "something else 1|line 1 is no boot trace",
        "rootstock-boot-trace 2|version 2 is not known",
        "rootstock-boot-trace 1;disk 512|line 2 does not begin with 'guest'",
        "rootstock-boot-trace 1;guest g;disk many|line 3 'many' is no size of the disk",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 1 0 512|line 5 is missing",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 1 0 512;end 2|line 5 does not count the 1",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 1 0 512;end 1;F 0 1|line 6 stands behind",
        "rootstock-boot-trace 1;guest g;disk 512;X 0 1 0 512;end 1|line 4 begins with 'X'",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 1 0;end 1|line 4 has 4 words",
        "rootstock-boot-trace 1;guest g;disk 512;R -1 1 0 512;end 1|line 4 '-1' is no time",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 1 0 99;end 1|multiples of 512",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 1 512 512;end 1|beyond the disk's end",
        "rootstock-boot-trace 1;guest g;disk 512;R 0 99999999999999999999 0 512;end 1|too large",
        "rootstock-boot-trace 1;guest g;disk 512;end 0|nothing was asked of the disk",
      })
  void whatIsMalformedIsRefusedWithItsPlace(String text, String why) throws Exception {
    byte[] file = gzip(text.replace(';', '\n') + "\n");
    MalformedTraceException refused = assertThrows(MalformedTraceException.class, () -> read(file));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.startsWith("the trace some.file cannot be used: "), message);
    assertTrue(message.contains(why), message);
  }

  @Test
  void aLineWithoutEndIsNotReadToItsEnd() throws Exception {
    byte[] file = gzip("x".repeat(1 << 20));
    MalformedTraceException refused = assertThrows(MalformedTraceException.class, () -> read(file));
    assertTrue(String.valueOf(refused.getMessage()).contains("line 1 is longer than"));
  }

  @Test
  void aFileThatIsNotThereIsSaidToBeMissing() {
    IOException refused =
        assertThrows(IOException.class, () -> BootTraceFile.read(Path.of("no-such-file")));

    assertEquals(
        "there is no trace no-such-file: 'rootstock storm --record no-such-file' makes it",
        refused.getMessage());
  }

  @Test
  void aCutFileAndOneThatWasNeverPackedAreRefused() throws Exception {
    byte[] whole = packed(TRACE);
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThrows(MalformedTraceException.class, () -> read(cut), "cut to " + length);
    }
    byte[] plain = "rootstock-boot-trace 1\n".getBytes(StandardCharsets.UTF_8);
    assertThrows(MalformedTraceException.class, () -> read(plain));
  }

  private static BootTrace read(byte[] file) throws IOException {
    return BootTraceFile.read("some.file", new ByteArrayInputStream(file));
  }

  private static byte[] packed(BootTrace trace) throws IOException {
    var out = new ByteArrayOutputStream();
    BootTraceFile.write(trace, out);
    return out.toByteArray();
  }

  private static byte[] gzip(String text) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var packing = new GZIPOutputStream(out)) {
      packing.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }
}
