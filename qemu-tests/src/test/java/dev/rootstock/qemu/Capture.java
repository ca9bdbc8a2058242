// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What passes on a private network, recorded and decoded by Wireshark's tools. */
final class Capture {
  /**
   * Linux asks for the first 4 bytes of each page of INQUIRY before it asks for the page. The
   * answer is whole, as the initiator's allocation length has it; Wireshark reads on past its end.
   */
  private static final String PAGE_HEADER =
      "iscsi.opcode == 0x25 and iscsi.datasegmentlength == 4 and scsi_sbc.opcode == 0x12";

  /** Malformed in Wireshark's eyes, or an error of the protocol: its severity "Error". */
  private static final String WRONG =
      "(_ws.malformed or _ws.expert.severity == 8388608) and not (" + PAGE_HEADER + ")";

  /**
   * The kernel hands packets over in blocks, a quarter of a second late; dumpcap drops the rest.
   */
  private static final int KERNEL_BUFFER_MILLIS = 1_000;

  /** What the kernel holds for dumpcap: a machine's whole boot, should the disk be slow. */
  private static final int KERNEL_BUFFER_MIB = 64;

  /**
   * With two interfaces dumpcap queues what it has not written: 1 MB or 1,000 packets unless told.
   */
  private static final int QUEUED_PACKETS = 1_000_000;

  private static final Duration START = Duration.ofSeconds(20);

  private final Path file;
  private final PrivateNetwork.Resident dumpcap;
  private final LineLog log;

  private Capture(Path file, PrivateNetwork.Resident dumpcap, LineLog log) {
    this.file = file;
    this.dumpcap = dumpcap;
    this.log = log;
  }

  /** Records the bridge, and what the bridge's own computer says to itself. */
  static Capture start(PrivateNetwork network, Path folder, String name)
      throws IOException, InterruptedException {
    Path file = folder.resolve(name + ".pcapng");
    var command =
        List.of(
            "dumpcap",
            "-B",
            "" + KERNEL_BUFFER_MIB,
            "-N",
            "" + QUEUED_PACKETS,
            "-C",
            "" + (KERNEL_BUFFER_MIB << 20),
            "-i",
            PrivateNetwork.BRIDGE,
            "-i",
            "lo",
            "-w",
            file.toString());
    PrivateNetwork.Resident dumpcap = network.start(folder, command);
    var log = new LineLog("dumpcap", folder.resolve(name + ".dumpcap.log"), line -> {});
    log.follow(dumpcap.streams().getInputStream());
    log.await("^File: ", START);
    return new Capture(file, dumpcap, log);
  }

  /**
   * Ends the recording; what was seen is in the file then, and nothing is missing but what came in
   * this moment, which dumpcap calls flushed.
   */
  void stop() throws IOException, InterruptedException {
    Thread.sleep(KERNEL_BUFFER_MILLIS);
    dumpcap.stop();
    log.await("^Packets received/dropped on interface 'Loopback", START);
    assertEquals(List.of(), log.find("^Packets received/dropped .*(pcap|dumpcap|ifdrop):[1-9]"));
  }

  /** One line for each packet that Wireshark calls malformed or in error. */
  List<String> wrongPackets() throws IOException, InterruptedException {
    return tshark("-Y", WRONG, "-V");
  }

  /** The values of a field in the packets that a display filter lets through. */
  List<String> values(String filter, String field) throws IOException, InterruptedException {
    return tshark("-Y", filter, "-T", "fields", "-E", "occurrence=a", "-e", field);
  }

  private List<String> tshark(String... options) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("tshark", "-r", file.toString()));
    command.addAll(List.of(options));
    return Tool.run(command.toArray(String[]::new))
        .lines()
        .filter(line -> !line.startsWith("Running as user"))
        .toList();
  }
}
