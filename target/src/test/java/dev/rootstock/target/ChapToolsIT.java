// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rootstock.images.block.MemoryBlockDevice;
import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.chap.ChapSecret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CHAP as libiscsi and QEMU speak it (RFC 7143 §12.1.3). */
class ChapToolsIT {
  private static final String SECRET = "secretOfTheClient";
  private static final String TARGET_SECRET = "secretOfTheTarget";
  private static final ChapCredentials OWN = credentials("c1", SECRET);
  private static final ChapCredentials TARGET = credentials("rootstock", TARGET_SECRET);
  private static final Map<String, String> MUTUAL =
      Map.of(
          "LIBISCSI_CHAP_TARGET_USERNAME",
          "rootstock",
          "LIBISCSI_CHAP_TARGET_PASSWORD",
          TARGET_SECRET);

  @TempDir private Path directory = Path.of("");
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.of(new MemoryBlockDevice(1 << 20));
  }

  private record Result(int status, String output) {}

  @Test
  void libiscsiProvesItself() throws Exception {
    try (TestServer _ = server) {
      ask(null);
      assertGood(inquiry(SECRET, Map.of()));
      assertEquals("c1", server.admission().requests().getFirst().identity());
    }
  }

  @Test
  void libiscsiWithAWrongSecretIsRefused() throws Exception {
    try (TestServer _ = server) {
      ask(null);
      Result result = inquiry("secretOfNobodyAtAll", Map.of());
      assertNotEquals(0, result.status, result.output);
      assertTrue(result.output.contains("Authentication failure"), result.output);
      assertEquals(List.of(), server.admission().requests());
    }
  }

  @Test
  void libiscsiWithoutASecretIsRefused() throws Exception {
    try (TestServer _ = server) {
      ask(null);
      Result result = run(Map.of(), "iscsi-inq", server.url());
      assertNotEquals(0, result.status, result.output);
      assertTrue(result.output.contains("Authentication failure"), result.output);
    }
  }

  @Test
  void libiscsiIsSatisfiedWithTheTargetsProof() throws Exception {
    try (TestServer _ = server) {
      ask(TARGET);
      assertGood(inquiry(SECRET, MUTUAL));
    }
  }

  @Test
  void libiscsiNoticesATargetWithAnotherSecret() throws Exception {
    try (TestServer _ = server) {
      ask(credentials("rootstock", "secretOfAnImpostor"));
      Result result = inquiry(SECRET, MUTUAL);
      assertNotEquals(0, result.status, result.output);
      assertEquals(List.of(), server.admission().requests());
    }
  }

  @Test
  void discoveryWithASecretFindsTheTarget() throws Exception {
    try (TestServer _ = server) {
      ask(null);
      String portal = "127.0.0.1:" + server.address().getPort();
      Result found = run(Map.of(), "iscsi-ls", "iscsi://c1%" + SECRET + "@" + portal);
      assertGood(found);
      assertTrue(found.output.contains("Target:" + OpenAdmission.TARGET), found.output);
      assertEquals("c1", server.admission().discoveries().getFirst().identity());
      assertNotEquals(0, run(Map.of(), "iscsi-ls", "iscsi://" + portal).status);
    }
  }

  /** QEMU's way to give a secret to its initiator. */
  @Test
  void qemuProvesItselfWithASecretObject() throws Exception {
    Path file = directory.resolve("secret");
    Files.writeString(file, SECRET);
    try (TestServer _ = server) {
      ask(null);
      String object = "secret,id=chap,format=raw,file=" + file;
      String disk =
          ("driver=raw,file.driver=iscsi,file.transport=tcp,file.portal=127.0.0.1:%d"
                  + ",file.target=%s,file.lun=0,file.user=c1,file.password-secret=chap")
              .formatted(server.address().getPort(), OpenAdmission.TARGET);
      Result result =
          run(
              Map.of(),
              "qemu-io",
              "--object",
              object,
              "--image-opts",
              "-c",
              "write -P 0xa5 0 64k",
              "-c",
              "read -P 0xa5 0 64k",
              disk);
      assertGood(result);
      assertTrue(!result.output.contains("verification failed"), result.output);
      Files.writeString(file, "secretOfNobodyAtAll");
      Result refused =
          run(Map.of(), "qemu-io", "--object", object, "--image-opts", "-c", "read 0 512", disk);
      assertNotEquals(0, refused.status, refused.output);
    }
  }

  private void ask(@Nullable ChapCredentials target) {
    server.admission().ask(Authentication.required(new ChapAccount(OWN, target)));
  }

  private Result inquiry(String secret, Map<String, String> environment) throws Exception {
    return run(
        environment, "iscsi-inq", server.url().replace("iscsi://", "iscsi://c1%" + secret + "@"));
  }

  private static void assertGood(Result result) {
    assertEquals(0, result.status, result.output);
  }

  private static Result run(Map<String, String> environment, String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(List.of(command)).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return fail(
          command[0] + " is missing: install libiscsi-bin, qemu-utils, qemu-block-extra", e);
    }
    process.getOutputStream().close();
    // A tool that hangs is ended, which ends its output.
    var end = process.onExit().orTimeout(60, TimeUnit.SECONDS);
    var _ = end.exceptionally(_ -> process.destroyForcibly());
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Result(end.get().exitValue(), output);
  }

  private static ChapCredentials credentials(String name, String secret) {
    return new ChapCredentials(name, new ChapSecret(secret.getBytes(US_ASCII)));
  }
}
