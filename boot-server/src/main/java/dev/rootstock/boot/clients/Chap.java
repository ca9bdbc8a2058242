// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import dev.rootstock.target.chap.ChapAccount;
import dev.rootstock.target.chap.ChapCredentials;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * By what a client proves itself, and the target to the client (RFC 7143 §12.1.3).
 *
 * <p>Where the secrets are made anew for each boot, {@link #next} is what the machine that starts
 * now is told. It becomes the client's own when its boot is committed, in the same durable step,
 * and the older boot's is worth nothing from then on. The names end in the boot's number, so that a
 * proof says which boot it is of: {@code alpha/8}.
 *
 * @param client its name and secret, of one client only
 * @param target the target's name and secret towards this client; null where the client asks for no
 *     proof
 * @param handOut whether our DHCP server tells the client its own names and secrets, which then
 *     everybody on that network may read
 * @param next by what both prove themselves in the next boot; null where the secrets stay
 */
public record Chap(Pair client, @Nullable Pair target, boolean handOut, @Nullable Proofs next) {
  private static final Pattern USER = Pattern.compile("[\\x21-\\x7E]{1,255}");

  private static final String BOOT_MARK = "/";
  private static final Pattern OF_BOOT = Pattern.compile(".*/[0-9]+");

  /** The target's name in a proof, where nobody chose another. */
  public static final String TARGET_USER = "rootstock";

  /**
   * One side's proof.
   *
   * @param user CHAP_N: 1 to 255 printable ASCII characters without a space
   */
  public record Pair(String user, Secret secret) {
    public Pair {
      if (!USER.matcher(user).matches()) {
        throw new InvalidClientException(
            "'%s' is no CHAP name: write 1 to 255 printable ASCII characters without a space"
                .formatted(Text.shown(user)));
      }
    }

    ChapCredentials credentials() {
      return new ChapCredentials(user, secret.bytes());
    }
  }

  /**
   * Both sides' proofs in one boot.
   *
   * @param target null where the client asks for no proof
   */
  public record Proofs(Pair client, @Nullable Pair target) {
    public Proofs {
      // RFC 7143 §9.2.1
      if (target != null && target.secret().equals(client.secret())) {
        throw new InvalidClientException(
            "the secrets of both directions are the same: make another one for the target");
      }
    }

    ChapAccount account() {
      return new ChapAccount(client.credentials(), target == null ? null : target.credentials());
    }

    private Stream<Secret> secrets() {
      return Stream.of(client, target).filter(Objects::nonNull).map(Pair::secret);
    }
  }

  public Chap {
    Proofs _ = new Proofs(client, target); // refuses equal secrets
    if (next != null && !handOut) {
      throw new InvalidClientException(
          "secrets for each boot have to be handed out: nobody else could tell the machine");
    }
  }

  /** With secrets that stay. */
  public Chap(Pair client, @Nullable Pair target, boolean handOut) {
    this(client, target, handOut, null);
  }

  /**
   * With secrets that are made anew for each boot.
   *
   * @param user what the client's names begin with
   * @param targetUser the target's name in its proof; null where it proves nothing
   * @param before by what the client proves itself until its next boot; null for nothing
   * @param generation the number of its boot, 0 before the first
   */
  public static Chap eachBoot(
      String user, @Nullable String targetUser, @Nullable Chap before, long generation) {
    Proofs next = made(user, targetUser, generation + 1);
    // Before the first boot there is no secret of a boot: this one is known to nobody.
    Proofs now =
        before == null || generation == 0
            ? made(user, targetUser, generation)
            : new Proofs(before.client(), before.target());
    return new Chap(now.client(), now.target(), true, next);
  }

  private static Proofs made(String user, @Nullable String targetUser, long boot) {
    return new Proofs(
        new Pair(user + BOOT_MARK + boot, Secret.generate()),
        targetUser == null ? null : new Pair(targetUser, Secret.generate()));
  }

  /** Whether a name is of the form that names of one boot have. */
  public static boolean isOfBoot(String user) {
    return OF_BOOT.matcher(user).matches();
  }

  /** As it is when that boot has begun: what was the next boot's is its own. */
  Chap begun(long generation) {
    if (next == null) {
      return this;
    }
    Pair nextTarget = next.target();
    return new Chap(
        next.client(),
        nextTarget,
        handOut,
        made(user(), nextTarget == null ? null : nextTarget.user(), generation + 1));
  }

  /** What a machine that starts now is told, where it is told anything. */
  public Proofs handed() {
    return next != null ? next : new Proofs(client, target);
  }

  /** The client's name, without a boot's number. */
  public String user() {
    String full = next == null ? client.user() : next.client().user();
    return next == null ? full : full.substring(0, full.lastIndexOf(BOOT_MARK));
  }

  /** Whether a proof under that name is one of the client's. */
  public boolean proves(@Nullable String identity) {
    return client.user().equals(identity)
        || (next != null && next.client().user().equals(identity));
  }

  /**
   * Of which boot a proof is.
   *
   * @param identity the name that was proved; null for none
   * @param generation the number of the client's boot, as it is beside these secrets
   * @return 0 for a boot that is over; empty where secrets say nothing of boots, or none was proved
   */
  public OptionalLong bootOf(@Nullable String identity, long generation) {
    if (next == null || identity == null) {
      return OptionalLong.empty();
    }
    if (next.client().user().equals(identity)) {
      return OptionalLong.of(generation + 1);
    }
    return OptionalLong.of(client.user().equals(identity) ? generation : 0);
  }

  /** The names that are the client's alone. */
  public List<String> users() {
    return next == null
        ? List.of(client.user())
        : List.of(user(), client.user(), next.client().user()).stream().distinct().toList();
  }

  /** The secrets of both directions. */
  List<Secret> secrets() {
    return proofs().flatMap(Proofs::secrets).toList();
  }

  /** The present proof, as both ends of a connection want it. */
  public ChapAccount account() {
    return new Proofs(client, target).account();
  }

  /** All that the target takes. */
  public List<ChapAccount> accounts() {
    return proofs().map(Proofs::account).toList();
  }

  private Stream<Proofs> proofs() {
    return Stream.of(new Proofs(client, target), next).filter(Objects::nonNull);
  }
}
