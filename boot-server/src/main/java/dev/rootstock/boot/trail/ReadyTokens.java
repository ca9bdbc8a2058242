// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.trail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * By what a machine proves that it speaks for one boot: the client's name, and 128 bits of a keyed
 * hash over that name and the moment when the boot began. So there is no list of tokens that could
 * grow, a restart of the server changes none, and a token is worth nothing once its boot is over.
 */
final class ReadyTokens {
  private static final Logger log = LoggerFactory.getLogger(ReadyTokens.class);
  private static final String ALGORITHM = "HmacSHA256";
  private static final int KEY_BYTES = 32;
  private static final int PROOF_BYTES = 16;

  /** A client's name never begins so. */
  private static final String FILE = ".ready-key";

  /** Random bytes of the installation. */
  private final SecretKeySpec key;

  /**
   * What a token says.
   *
   * @param client whose boot it is
   * @param proof that it is one of ours, in the form that we give it
   */
  record Claim(String client, String proof) {}

  private ReadyTokens(byte[] key) {
    this.key = new SecretKeySpec(key, ALGORITHM);
  }

  /** Those that nobody knows again at the next start. */
  static ReadyTokens ofThisStart() {
    return new ReadyTokens(random());
  }

  /** Those of an installation; where its key cannot be kept, those of this start. */
  static ReadyTokens in(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      if (Files.exists(file)) {
        byte[] key = Files.readAllBytes(file);
        if (key.length == KEY_BYTES) {
          return new ReadyTokens(key);
        }
      }
      Files.createDirectories(folder);
      byte[] key = random();
      Path partial = folder.resolve(FILE + ".new");
      Files.deleteIfExists(partial);
      try (var channel =
          Files.newByteChannel(
              partial,
              EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        channel.write(ByteBuffer.wrap(key));
      }
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
      return new ReadyTokens(key);
    } catch (IOException e) {
      log.warn(
          "{} cannot be kept: machines that boot now cannot say 'ready' to a later start of"
              + " this server: {}",
          file,
          e.toString());
      return ofThisStart();
    }
  }

  private static byte[] random() {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    return key;
  }

  /** The token of the boot that began then. */
  String token(String client, Instant began) {
    return client + "." + proof(client, began);
  }

  /**
   * Whether a claim is about the boot that began then; the time it takes does not tell how near.
   */
  boolean proves(Claim claim, Instant began) {
    return MessageDigest.isEqual(
        claim.proof().getBytes(StandardCharsets.UTF_8),
        proof(claim.client(), began).getBytes(StandardCharsets.UTF_8));
  }

  /** What a text from the network claims; empty where it is no token. */
  static Optional<Claim> claim(String token) {
    int dot = token.lastIndexOf('.');
    return dot <= 0 || token.length() > Limits.TOKEN
        ? Optional.empty()
        : Optional.of(new Claim(token.substring(0, dot), token.substring(dot + 1)));
  }

  private String proof(String client, Instant began) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      String text = "rootstock ready 1\n%s\n%d".formatted(client, began.toEpochMilli());
      byte[] hash = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(Arrays.copyOf(hash, PROOF_BYTES));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has HMAC-SHA-256", e);
    }
  }
}
