// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

/**
 * What the leading login has agreed on for a session as a whole (RFC 7143 §13, scope SW).
 *
 * @param maxConnections MaxConnections, at least 1
 * @param recoveryLevel ErrorRecoveryLevel, 0 to 2
 * @param timeToWait DefaultTime2Wait, in seconds
 * @param timeToRetain DefaultTime2Retain, in seconds
 * @param reporting TaskReporting
 */
public record SessionParameters(
    int maxConnections,
    int recoveryLevel,
    int timeToWait,
    int timeToRetain,
    TaskReporting reporting) {

  /** The least that every session has: one connection, no recovery. */
  public static final SessionParameters LEAST =
      new SessionParameters(1, 0, 0, 0, TaskReporting.RFC3720);

  /** How the end of tasks is told (RFC 7143 §13.23). */
  public enum TaskReporting {
    RFC3720,
    RESPONSE_FENCE,
    FAST_ABORT;

    /** What a value of the key means. */
    public static TaskReporting of(String value) {
      return switch (value) {
        case "ResponseFence" -> RESPONSE_FENCE;
        case "FastAbort" -> FAST_ABORT;
        default -> RFC3720;
      };
    }
  }
}
