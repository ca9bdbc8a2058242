// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.text;

import dev.rootstock.target.wire.Limits;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The table of the keys: RFC 7143 §12.1 and §13, and RFC 7144's. Each has its name, the rule of its
 * answer with what we wish, its default, when it may be used, and whether a discovery session makes
 * it irrelevant.
 */
public enum TextKey {
  /** §12.1. What is answered depends on who asks. */
  AUTH_METHOD("AuthMethod", new Rule.Security(), "None", Use.SECURITY),
  /** §12.1.3. */
  CHAP_A("CHAP_A", new Rule.Security(), "", Use.SECURITY),
  CHAP_I("CHAP_I", new Rule.Security(), "", Use.SECURITY),
  CHAP_C("CHAP_C", new Rule.Security(), "", Use.SECURITY),
  CHAP_N("CHAP_N", new Rule.Security(), "", Use.SECURITY),
  CHAP_R("CHAP_R", new Rule.Security(), "", Use.SECURITY),
  /** §13.1. Both are a MUST; the initiator's order decides. */
  HEADER_DIGEST("HeaderDigest", new Rule.Choice(List.of("CRC32C", "None")), "None", Use.LOGIN),
  DATA_DIGEST("DataDigest", new Rule.Choice(List.of("CRC32C", "None")), "None", Use.LOGIN),
  /** §13.2. */
  MAX_CONNECTIONS(
      "MaxConnections",
      new Rule.Minimum(Limits.SESSION_CONNECTIONS, 1, 65535),
      "1",
      Use.LEADING_NORMAL),
  SEND_TARGETS("SendTargets", new Rule.Request(), "", Use.FULL_FEATURE),
  TARGET_NAME("TargetName", new Rule.Declared(Limits.NAME_BYTES), "", Use.ANY_STAGE),
  INITIATOR_NAME("InitiatorName", new Rule.Declared(Limits.NAME_BYTES), "", Use.ANY_STAGE),
  TARGET_ALIAS("TargetAlias", new Rule.TargetOnly(), "", Use.ANY_STAGE),
  INITIATOR_ALIAS("InitiatorAlias", new Rule.Declared(Limits.VALUE_BYTES), "", Use.ALWAYS),
  TARGET_ADDRESS("TargetAddress", new Rule.TargetOnly(), "", Use.ANY_STAGE),
  TARGET_PORTAL_GROUP_TAG("TargetPortalGroupTag", new Rule.TargetOnly(), "", Use.ANY_STAGE),
  /** §13.10. We take unsolicited data if the initiator wishes to send them. */
  INITIAL_R2T("InitialR2T", new Rule.Or(false), "Yes", Use.LEADING_NORMAL),
  IMMEDIATE_DATA("ImmediateData", new Rule.And(true), "Yes", Use.LEADING_NORMAL),
  /** §13.12. Each side declares its own; ours is in the first answer of the operational stage. */
  MAX_RECV_DATA_SEGMENT_LENGTH(
      "MaxRecvDataSegmentLength",
      new Rule.DeclaredNumber(512, (1 << 24) - 1),
      "8192",
      Use.OPERATIONAL_OR_FULL_FEATURE),
  MAX_BURST_LENGTH(
      "MaxBurstLength",
      new Rule.Minimum(Limits.BURST, 512, (1 << 24) - 1),
      "262144",
      Use.LEADING_NORMAL),
  /** §13.14: never more than MaxBurstLength. */
  FIRST_BURST_LENGTH(
      "FirstBurstLength",
      new Rule.MinimumWithin(Limits.FIRST_BURST, 512, (1 << 24) - 1, MAX_BURST_LENGTH),
      "65536",
      Use.LEADING_NORMAL),
  /** §13.15, §13.16. Below recovery level 2 nothing is kept for a connection that is lost. */
  DEFAULT_TIME_TO_WAIT("DefaultTime2Wait", new Rule.Maximum(0, 0, 3600), "2", Use.LEADING),
  DEFAULT_TIME_TO_RETAIN(
      "DefaultTime2Retain", new Rule.Minimum(Limits.RETAIN_SECONDS, 0, 3600), "20", Use.LEADING),
  MAX_OUTSTANDING_R2T(
      "MaxOutstandingR2T",
      new Rule.Minimum(Limits.OUTSTANDING_R2TS, 1, 65535),
      "1",
      Use.LEADING_NORMAL),
  /** §13.18, §13.19. We send in order and take any. */
  DATA_PDU_IN_ORDER("DataPDUInOrder", new Rule.Or(false), "Yes", Use.LEADING_NORMAL),
  DATA_SEQUENCE_IN_ORDER("DataSequenceInOrder", new Rule.Or(false), "Yes", Use.LEADING_NORMAL),
  ERROR_RECOVERY_LEVEL("ErrorRecoveryLevel", new Rule.Minimum(2, 0, 2), "0", Use.LEADING),
  SESSION_TYPE("SessionType", new Rule.Declared(Limits.VALUE_BYTES), "Normal", Use.ANY_STAGE),
  /** §13.23. */
  TASK_REPORTING(
      "TaskReporting",
      new Rule.Choice(List.of("ResponseFence", "FastAbort", "RFC3720")),
      "RFC3720",
      Use.LEADING_NORMAL),
  /** RFC 7144 §7.1.1. */
  PROTOCOL_LEVEL("iSCSIProtocolLevel", new Rule.Minimum(1, 0, 31), "1", Use.LEADING_NORMAL),
  /** §13.25 allows both answers; iPXE ends its login when it reads Reject. */
  IF_MARKER("IFMarker", new Rule.Obsolete("No"), "No", Use.LOGIN),
  OF_MARKER("OFMarker", new Rule.Obsolete("No"), "No", Use.LOGIN),
  /** §13.25: this answer is a MUST. */
  IF_MARK_INT("IFMarkInt", new Rule.Obsolete("Reject"), "", Use.LOGIN),
  OF_MARK_INT("OFMarkInt", new Rule.Obsolete("Reject"), "", Use.LOGIN),
  /** §13.26. Not even logged. */
  NODE_ARCHITECTURE("X#NodeArchitecture", new Rule.Declared(Limits.VALUE_BYTES), "", Use.LOGIN);

  /** When a key may be used (§13, "Use"). */
  enum Use {
    /** In the SecurityNegotiation stage only. */
    SECURITY(EnumSet.of(Phase.SECURITY)),
    /** In the LoginOperationalNegotiation stage only. */
    LOGIN(EnumSet.of(Phase.OPERATIONAL)),
    /** As LOGIN, on the first connection of a session only. */
    LEADING(EnumSet.of(Phase.OPERATIONAL)),
    /** As LEADING; irrelevant to a discovery session. */
    LEADING_NORMAL(EnumSet.of(Phase.OPERATIONAL)),
    /** In both stages of a login. */
    ANY_STAGE(EnumSet.of(Phase.SECURITY, Phase.OPERATIONAL)),
    OPERATIONAL_OR_FULL_FEATURE(EnumSet.of(Phase.OPERATIONAL, Phase.FULL_FEATURE)),
    FULL_FEATURE(EnumSet.of(Phase.FULL_FEATURE)),
    ALWAYS(EnumSet.allOf(Phase.class));

    @SuppressWarnings("ImmutableEnumChecker") // nobody adds to it
    private final Set<Phase> phases;

    Use(EnumSet<Phase> phases) {
      this.phases = Collections.unmodifiableSet(phases);
    }
  }

  private static final Map<String, TextKey> BY_TEXT =
      Arrays.stream(values()).collect(Collectors.toMap(TextKey::text, Function.identity()));

  private final String text;

  @SuppressWarnings("ImmutableEnumChecker") // a rule is a record of numbers, texts and copied lists
  private final Rule rule;

  private final String defaultValue;
  private final Use use;

  TextKey(String text, Rule rule, String defaultValue, Use use) {
    this.text = text;
    this.rule = rule;
    this.defaultValue = defaultValue;
    this.use = use;
  }

  /** The key of a name, if there is one. */
  static @Nullable TextKey of(String text) {
    return BY_TEXT.get(text);
  }

  /** Its name on the wire. */
  public String text() {
    return text;
  }

  Rule rule() {
    return rule;
  }

  String defaultValue() {
    return defaultValue;
  }

  boolean irrelevantToDiscovery() {
    return use == Use.LEADING_NORMAL;
  }

  /** Whether only the connection that begins a session may negotiate it. */
  boolean leadingOnly() {
    return use == Use.LEADING || use == Use.LEADING_NORMAL;
  }

  boolean allowedIn(Phase phase) {
    return use.phases.contains(phase);
  }
}
