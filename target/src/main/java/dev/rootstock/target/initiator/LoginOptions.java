// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.Isid;
import dev.rootstock.target.text.KeyValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How an initiator logs in.
 *
 * @param discovery whether a discovery session is asked for
 * @param targetName may be empty for a discovery session
 * @param cmdSn with which the session begins
 * @param operational what to offer in the operational stage
 * @param chap how it proves itself; null where it does not
 */
public record LoginOptions(
    String initiatorName,
    boolean discovery,
    String targetName,
    Isid isid,
    int cmdSn,
    List<KeyValues.Pair> operational,
    @Nullable ChapOptions chap) {
  public LoginOptions {
    operational = List.copyOf(operational);
  }

  /** A normal session that offers what Linux does. */
  public static LoginOptions normal(String initiatorName, String targetName) {
    return new LoginOptions(
        initiatorName,
        false,
        targetName,
        new Isid(0x00023D000001L),
        1,
        KeyValues.of(
                "HeaderDigest", "None",
                "DataDigest", "None",
                "InitialR2T", "No",
                "ImmediateData", "Yes",
                "MaxRecvDataSegmentLength", "262144",
                "MaxBurstLength", "16776192",
                "FirstBurstLength", "262144",
                "MaxOutstandingR2T", "1",
                "MaxConnections", "1",
                "DataPDUInOrder", "Yes",
                "DataSequenceInOrder", "Yes",
                "DefaultTime2Wait", "2",
                "DefaultTime2Retain", "0",
                "ErrorRecoveryLevel", "0",
                "IFMarker", "No",
                "OFMarker", "No")
            .pairs(),
        null);
  }

  /** A discovery session. */
  public static LoginOptions discovery(String initiatorName) {
    return new LoginOptions(
        initiatorName,
        true,
        "",
        new Isid(0x00023D000001L),
        1,
        KeyValues.of(
                "HeaderDigest", "None", "DataDigest", "None", "MaxRecvDataSegmentLength", "32768")
            .pairs(),
        null);
  }

  /** The same to another target; a discovery session names one by it (RFC 7143 §7.4.2.2). */
  public LoginOptions withTarget(String name) {
    return new LoginOptions(initiatorName, discovery, name, isid, cmdSn, operational, chap);
  }

  /** The same with another ISID. */
  public LoginOptions withIsid(Isid other) {
    return new LoginOptions(initiatorName, discovery, targetName, other, cmdSn, operational, chap);
  }

  /** The same with none but these keys of the operational stage. */
  LoginOptions withKeys(Set<String> keys) {
    List<KeyValues.Pair> kept =
        operational.stream().filter(pair -> keys.contains(pair.key())).toList();
    return new LoginOptions(initiatorName, discovery, targetName, isid, cmdSn, kept, chap);
  }

  /** The same with a proof, or without one. */
  public LoginOptions withChap(@Nullable ChapOptions how) {
    return new LoginOptions(initiatorName, discovery, targetName, isid, cmdSn, operational, how);
  }

  /** The same with one key offered otherwise. */
  public LoginOptions with(String key, String value) {
    List<KeyValues.Pair> changed = new ArrayList<>();
    for (KeyValues.Pair pair : operational) {
      if (!pair.key().equals(key)) {
        changed.add(pair);
      }
    }
    changed.add(new KeyValues.Pair(key, value));
    return new LoginOptions(initiatorName, discovery, targetName, isid, cmdSn, changed, chap);
  }
}
