// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rootstock.boot.cli.CommandLineHarness.Result;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

  @Test
  void helpNamesEveryCommandTheLaunchersIncluded() {
    Result result = CommandLineHarness.plain("--help");
    assertEquals(0, result.status());
    for (String command :
        List.of(
            "demo",
            "test",
            "serve",
            "image import FILE",
            "image list",
            "image verify NAME[@VERSION]",
            "client add NAME",
            "client list",
            "client show NAME",
            "client boot NAME",
            "client reset NAME",
            "client remove NAME",
            "root-path",
            "discover")) {
      assertTrue(result.out().contains("\n  " + command + " "), command);
    }
    assertEquals("", result.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "serve",
        "image import",
        "image list",
        "image verify",
        "client add",
        "client list",
        "client show",
        "client boot",
        "client reset",
        "client remove",
        "root-path",
        "discover",
        "image",
        "client"
      })
  void everyCommandExplainsItself(String command) {
    Result result = CommandLineHarness.plain((command + " --help").split(" "));
    assertEquals(0, result.status());
    assertTrue(result.out().startsWith("usage: rootstock "), result.out());
    assertEquals("", result.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          frobnicate                        | there is no command 'frobnicate'
          image                             | 'image' goes on: write one of image import, image list, image show, image verify, image export, image publish, image default, image create, image remove
          image frobnicate                  | there is no command 'image frobnicate': write one of image import,
          image --quick                     | 'image' goes on: write one of image import,
          client add a --image b --image c  | 'client add' takes --image once: see rootstock client add --help
          client set a                      | 'client set' needs something to set: see rootstock client set --help
          client set a --rebase             | --rebase goes with --image
          client add                        | 'client add' needs NAME
          client add a                      | 'client add' needs --image, or --group with one that has an image
          client add a b --image x          | 'client add' does not take 'b'
          client list --jsno                | 'client list' does not know --jsno
          client list --js                  | 'client list' does not know --js
          client add a --image              | 'client add' needs a value after --image
          client add a --image x --size 4X  | '4X' is no size
          client add a --image x --size 99999999999T | '99999999999T' is no size
          image import f                    | 'image import' needs --name: see rootstock image import --help
          root-path --server h              | 'root-path' needs --target
          root-path --parse iscsi::::x:y --server h | 'root-path' takes --parse or --server, not both
          root-path --server h --target iqn.2026-11.a --port x | --port x is no number
          discover                          | 'discover' asks one: write --slp
          discover --sendtargets a:b:c      | 'a:b:c' is nobody to ask
          discover --sendtargets a:0        | 'a:0' is nobody to ask
          discover --slp a:427              | 'a:427' is nobody to ask: write HOST
          discover --slp --sendtargets a    | 'discover' asks one
          discover --isns a:0               | 'a:0' is nobody to ask
          discover --slp 127.0.0.1 --root-path b | 'b' is no root path
          demo                              | 'demo' is a command of the script 'rootstock'
          """)
  void aCommandLineThatIsNotUnderstoodExitsWithTwo(String words, String expected) {
    Result result = CommandLineHarness.plain(words.split(" +"));
    assertEquals(Command.WRONG_USAGE, result.status(), result.err());
    assertTrue(CommandLineHarness.oneLine(result).contains(expected), result.err());
    assertEquals("", result.out());
  }

  @Test
  void nothingAtAllIsWrongUsageAndShowsTheHelp() {
    Result result = CommandLineHarness.plain();
    assertEquals(Command.WRONG_USAGE, result.status());
    assertTrue(result.err().startsWith("usage: rootstock"), result.err());
  }

  /** RFC 4173 §5. */
  @Test
  void aRootPathIsWritten() {
    Result result =
        CommandLineHarness.plain(
            "root-path", "--server", "10.77.0.1", "--target", "iqn.2026-11.dev.rootstock:a");
    assertEquals("iscsi:10.77.0.1::::iqn.2026-11.dev.rootstock:a\n", result.out());
    Result full =
        CommandLineHarness.plain(
            "root-path",
            "--server",
            "2001:db8::1",
            "--port",
            "3261",
            "--lun",
            "4752-3A4F-6B7E-2F99",
            "--target",
            "iqn.2026-11.dev.rootstock:a");
    assertEquals(
        "iscsi:[2001:db8::1]::3261:4752-3a4f-6b7e-2f99:iqn.2026-11.dev.rootstock:a\n", full.out());
  }

  @Test
  void aRootPathIsExplained() throws Exception {
    Result result =
        CommandLineHarness.plain(
            "root-path", "--parse", "iscsi::6:3261:7:iqn.2026-11.dev.rootstock:a", "--json");
    assertTrue(result.json().get("server").isNull());
    assertEquals(3261, result.json().get("port").asInt());
    assertEquals("iqn.2026-11.dev.rootstock:a", result.json().get("target").asText());
    Result text =
        CommandLineHarness.plain("root-path", "--parse", "iscsi:10.0.0.1::::iqn.2026-11.a:b");
    assertEquals(
        List.of(
            "server  10.0.0.1",
            "port    3260 (blank: the default)",
            "LUN     0",
            "target  iqn.2026-11.a:b"),
        text.out().lines().toList());
  }

  @Test
  void aWrongRootPathFailsAndSaysWhere() {
    Result result =
        CommandLineHarness.plain("root-path", "--parse", "iscsi:10.0.0.1:17:::iqn.2026-11.a");
    assertEquals(Command.FAILED, result.status());
    assertTrue(result.err().contains("at character 16"), result.err());
  }

  @Test
  void discoveryOfNobodyFailsInOneLine() throws Exception {
    int free;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    Result result = CommandLineHarness.plain("discover", "--sendtargets", "127.0.0.1:" + free);
    assertEquals(Command.FAILED, result.status());
    assertTrue(
        CommandLineHarness.oneLine(result).startsWith("127.0.0.1:" + free + " cannot be asked"),
        result.err());
  }
}
