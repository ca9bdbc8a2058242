// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.boots;

import dev.rootstock.boot.clients.Chap;
import dev.rootstock.boot.clients.InvalidClientException;
import dev.rootstock.boot.clients.Registration;
import dev.rootstock.boot.clients.Registry;
import dev.rootstock.boot.clients.Secret;
import dev.rootstock.boot.config.Configuration.ChapMode;
import dev.rootstock.boot.config.Configuration.DiscoverySecret;
import dev.rootstock.boot.config.Configuration.Iscsi;
import dev.rootstock.target.Admission.Authentication;
import dev.rootstock.target.chap.ChapAccount;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who has to prove what by CHAP, and which proof is good for which disk.
 *
 * @param mode what the configuration asks for
 * @param discovery the name and secret for discovery sessions of every client; null where there is
 *     none. It opens no disk.
 */
public record ChapRules(ChapMode mode, Chap.@Nullable Pair discovery) {
  /** Clients with a secret have to prove it; there is none for discovery. */
  public static final ChapRules PER_CLIENT = new ChapRules(ChapMode.PER_CLIENT, null);

  /**
   * The rules of a configuration; the secret for discovery is read from its file.
   *
   * @throws InvalidClientException where it cannot be, or is a client's as well (RFC 7143 §9.2.1)
   */
  public static ChapRules of(Iscsi configuration, Registry registry) {
    Chap.Pair shared = shared(configuration);
    if (shared != null) {
      registry
          .byChapName(shared.user())
          .or(() -> registry.bySecret(shared.secret()))
          .ifPresent(
              client -> {
                throw new InvalidClientException(
                    "iscsi.discovery-chap has the name or the secret of client '%s': choose others"
                        .formatted(client.client().name()));
              });
    }
    return new ChapRules(configuration.chap(), shared);
  }

  private static Chap.@Nullable Pair shared(Iscsi configuration) {
    DiscoverySecret discovery = configuration.discovery();
    return discovery == null
        ? null
        : new Chap.Pair(discovery.user(), Secret.read(discovery.file()));
  }

  /**
   * Refuses what would be both a client's and discovery's.
   *
   * @throws InvalidClientException that says which
   */
  public static void checkApart(Chap chap, Iscsi configuration) {
    Chap.Pair shared = shared(configuration);
    if (shared == null) {
      return;
    }
    Chap.Pair target = chap.target();
    if (shared.user().equals(chap.client().user())
        || shared.secret().equals(chap.client().secret())
        || (target != null && shared.secret().equals(target.secret()))) {
      throw new InvalidClientException(
          "iscsi.discovery-chap has this name or secret already: choose another");
    }
  }

  /**
   * What a login to a target has to prove.
   *
   * @param client whose target it is; empty where nobody's. Where all have to prove themselves,
   *     nobody learns which targets there are.
   */
  Authentication login(Optional<Registration> client) {
    if (mode == ChapMode.NONE) {
      return Authentication.NOT_NEEDED;
    }
    Chap chap = client.map(Registration::chap).orElse(null);
    if (chap != null) {
      return new Authentication(false, chap.accounts());
    }
    return mode == ChapMode.REQUIRED ? Authentication.NOBODY : Authentication.NOT_NEEDED;
  }

  /**
   * What a discovery session has to prove: who it is, or that it belongs here.
   *
   * @param known the clients whose targets its name and address would let it use
   */
  Authentication discovery(List<Registration> known) {
    if (mode == ChapMode.NONE) {
      return Authentication.NOT_NEEDED;
    }
    Stream<ChapAccount> own =
        known.stream()
            .flatMap(each -> Stream.ofNullable(each.chap()))
            .flatMap(chap -> chap.accounts().stream());
    Stream<ChapAccount> shared =
        Stream.ofNullable(discovery)
            .flatMap(pair -> new Chap(pair, null, false).accounts().stream());
    boolean anonymous = mode != ChapMode.REQUIRED && discovery == null;
    return new Authentication(anonymous, Stream.concat(shared, own).toList());
  }

  /**
   * Why a login with this proof gets no disk; empty when it does (RFC 7143 §9.2: the identity has
   * to be that of the name).
   *
   * @param identity the CHAP name that was proved; null for none
   */
  Optional<String> refusal(Registration client, @Nullable String identity) {
    if (mode == ChapMode.NONE) {
      return Optional.empty();
    }
    Chap chap = client.chap();
    if (chap == null) {
      return mode == ChapMode.REQUIRED
          ? Optional.of(
              "iscsi.chap is required and it has no secret: 'rootstock client chap' gives it one")
          : Optional.empty();
    }
    return chap.proves(identity)
        ? Optional.empty()
        : Optional.of("it has not proved by CHAP that it is " + chap.user());
  }

  /**
   * Of which boot a login's proof is; see {@link Chap#bootOf}.
   *
   * @param client as the registry has it now
   */
  OptionalLong bootOf(Registration client, @Nullable String identity) {
    return mode == ChapMode.NONE || client.chap() == null
        ? OptionalLong.empty()
        : client.chap().bootOf(identity, client.generation());
  }

  /** Whether nothing says which machine a client is, so that any may log in to its disk. */
  public static boolean open(ChapMode mode, Registration client) {
    return client.client().open()
        && switch (mode) {
          case NONE -> true;
          case PER_CLIENT -> client.chap() == null;
          case REQUIRED -> false;
        };
  }

  /**
   * Whether all that a client is known by is the initiator name that we give it, which anybody can
   * write.
   *
   * @param ownDhcp whether machines get their addresses from us
   */
  public static boolean byNameOnly(ChapMode mode, boolean ownDhcp, Registration client) {
    boolean proves =
        switch (mode) {
          case NONE -> false;
          case PER_CLIENT -> client.chap() != null;
          case REQUIRED -> true;
        };
    return !ownDhcp
        && !proves
        && !client.client().open()
        && client.client().initiators().isEmpty()
        && ClientAccess.boundTo(client, false).isEmpty();
  }

  /** Whether a discovery session with this proof is told of a client's target. */
  boolean shows(Registration client, @Nullable String identity) {
    if (mode == ChapMode.NONE || isDiscovery(identity)) {
      return true;
    }
    Chap chap = client.chap();
    return chap == null ? identity == null && mode != ChapMode.REQUIRED : chap.proves(identity);
  }

  private boolean isDiscovery(@Nullable String identity) {
    return discovery != null && discovery.user().equals(identity);
  }
}
