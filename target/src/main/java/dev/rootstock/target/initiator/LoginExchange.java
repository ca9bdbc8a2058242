// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.initiator;

import dev.rootstock.target.chap.ChapAlgorithm;
import dev.rootstock.target.chap.ChapCredentials;
import dev.rootstock.target.pdu.LoginRequest;
import dev.rootstock.target.pdu.LoginResponse;
import dev.rootstock.target.text.BinaryValue;
import dev.rootstock.target.text.KeyValues;
import dev.rootstock.target.text.NegotiationException;
import dev.rootstock.target.wire.Limits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The login of one connection from the initiator's side, request by request, so that a test may
 * send any of them itself.
 */
public final class LoginExchange {
  public static final int SECURITY = 0;
  public static final int OPERATIONAL = 1;
  public static final int FULL_FEATURE = 3;

  private final PduSocket socket;
  private final LoginOptions options;
  private final Map<String, String> answered = new LinkedHashMap<>();
  private final int tsih;
  private final int cid;
  private final int cmdSn;
  private int expStatSn;

  /** A new session's. */
  public LoginExchange(PduSocket socket, LoginOptions options) {
    this(socket, options, 0, 0, options.cmdSn());
  }

  /** Of a connection that joins a session (RFC 7143 §6.3.1). */
  public LoginExchange(PduSocket socket, LoginOptions options, int tsih, int cid, int cmdSn) {
    this.socket = socket;
    this.options = options;
    this.tsih = tsih;
    this.cid = cid;
    this.cmdSn = cmdSn;
  }

  /** What the first text has to hold (RFC 7143 §6.3). */
  public List<KeyValues.Pair> names() {
    List<KeyValues.Pair> names = new ArrayList<>();
    names.add(new KeyValues.Pair("InitiatorName", options.initiatorName()));
    names.add(new KeyValues.Pair("SessionType", options.discovery() ? "Discovery" : "Normal"));
    if (!options.targetName().isEmpty()) {
      names.add(new KeyValues.Pair("TargetName", options.targetName()));
    }
    return names;
  }

  /** All that the target has answered so far. */
  public Map<String, String> answered() {
    return answered;
  }

  /**
   * Sends a request that would leave its stage, and waits for the response.
   *
   * @throws LoginRefusedException when the target answers with any status but success
   */
  public LoginResponse leave(int stage, int next, List<KeyValues.Pair> keys) throws IOException {
    return exchange(true, false, stage, next, new KeyValues(keys).encode());
  }

  /** As {@link #leave}, with the bytes of a text, or of its rest. */
  public LoginResponse leaveRaw(int stage, int next, byte[] text) throws IOException {
    return exchange(true, false, stage, next, text);
  }

  /** Sends a request that stays in its stage. Fails as {@link #leave}. */
  public LoginResponse stay(int stage, List<KeyValues.Pair> keys) throws IOException {
    return exchange(false, false, stage, 0, new KeyValues(keys).encode());
  }

  /**
   * Sends a part of a text; the rest follows in the next request (§6.2). Fails as {@link #leave}.
   */
  public LoginResponse part(int stage, byte[] text) throws IOException {
    return exchange(false, true, stage, 0, text);
  }

  private LoginResponse exchange(boolean transit, boolean more, int stage, int next, byte[] text)
      throws IOException {
    socket.send(
        new LoginRequest(
            transit,
            more,
            stage,
            next,
            0,
            0,
            options.isid().value(),
            tsih,
            0,
            cid,
            cmdSn,
            expStatSn,
            Unpooled.wrappedBuffer(text)));
    if (!(socket.receive() instanceof LoginResponse response)) {
      throw new IOException("the target answers a login with something else");
    }
    if (response.status() != 0) {
      String address =
          parse(response.data()).pairs().stream()
              .filter(pair -> pair.key().equals("TargetAddress"))
              .map(KeyValues.Pair::value)
              .findFirst()
              .orElse("");
      throw new LoginRefusedException(response.status(), address);
    }
    expStatSn = response.statSn() + 1;
    for (KeyValues.Pair pair : parse(response.data()).pairs()) {
      answered.put(pair.key(), pair.value());
    }
    return response;
  }

  /** The whole login; returns the last response. */
  LoginResponse run() throws IOException {
    ChapOptions chap = options.chap();
    List<KeyValues.Pair> last = new ArrayList<>();
    if (chap == null) {
      last.addAll(names());
    } else {
      authenticate(chap);
    }
    last.addAll(options.operational());
    LoginResponse response = leave(OPERATIONAL, FULL_FEATURE, last);
    if (!response.transit() || response.nextStage() != FULL_FEATURE) {
      throw new IOException("the target does not end the login");
    }
    return response;
  }

  /** The security stage with CHAP (§12.1.3). */
  public void authenticate(ChapOptions chap) throws IOException {
    List<KeyValues.Pair> first = new ArrayList<>(names());
    first.add(new KeyValues.Pair("AuthMethod", "CHAP,None"));
    leave(SECURITY, OPERATIONAL, first);
    if (!"CHAP".equals(answered.get("AuthMethod"))) {
      if (chap.target() != null) {
        throw new IOException("the target does not prove itself");
      }
      return;
    }
    String offered =
        chap.algorithms().stream()
            .map(each -> Integer.toString(each.number()))
            .collect(Collectors.joining(","));
    leave(SECURITY, OPERATIONAL, KeyValues.of("CHAP_A", offered).pairs());
    ChapAlgorithm algorithm =
        ChapAlgorithm.of(number("CHAP_A"))
            .filter(chap.algorithms()::contains)
            .orElseThrow(() -> new IOException("the target's CHAP_A was not offered"));
    respond(chap, algorithm);
  }

  private void respond(ChapOptions chap, ChapAlgorithm algorithm) throws IOException {
    byte[] challenge = binary("CHAP_C");
    ChapCredentials own = chap.own();
    List<KeyValues.Pair> response = new ArrayList<>();
    response.add(new KeyValues.Pair("CHAP_N", own.name()));
    response.add(
        new KeyValues.Pair(
            "CHAP_R",
            BinaryValue.encode(algorithm.response(number("CHAP_I"), own.secret(), challenge))));
    byte[] ours = new byte[algorithm.bytes()];
    SecureRandom random = new SecureRandom();
    random.nextBytes(ours);
    int identifier = random.nextInt(256);
    if (chap.target() != null) {
      response.add(new KeyValues.Pair("CHAP_I", Integer.toString(identifier)));
      response.add(new KeyValues.Pair("CHAP_C", BinaryValue.encode(ours)));
    }
    LoginResponse last = leave(SECURITY, OPERATIONAL, response);
    if (!last.transit()) {
      throw new IOException("the target does not end the security stage");
    }
    if (chap.target() != null) {
      check(chap.target(), algorithm.response(identifier, chap.target().secret(), ours));
    }
  }

  private void check(ChapCredentials target, byte[] right) throws IOException {
    if (!target.name().equals(answered.get("CHAP_N"))
        || !MessageDigest.isEqual(right, binary("CHAP_R"))) {
      throw new IOException("the target has not proved that it is " + target.name());
    }
  }

  private int number(String key) throws IOException {
    try {
      return Integer.parseInt(answer(key));
    } catch (NumberFormatException e) {
      throw new IOException("the target's " + key + " is no number", e);
    }
  }

  private byte[] binary(String key) throws IOException {
    try {
      return BinaryValue.decode(answer(key), Limits.CHAP_VALUE_BYTES);
    } catch (NegotiationException e) {
      throw new IOException("the target's " + key + " is wrong: " + e.getMessage(), e);
    }
  }

  private String answer(String key) throws IOException {
    String value = answered.get(key);
    if (value == null) {
      throw new IOException("the target sends no " + key);
    }
    return value;
  }

  static KeyValues parse(ByteBuf text) throws IOException {
    byte[] bytes = new byte[text.readableBytes()];
    text.getBytes(text.readerIndex(), bytes);
    return parse(bytes);
  }

  static KeyValues parse(byte[] text) throws IOException {
    try {
      return KeyValues.parse(text);
    } catch (NegotiationException e) {
      throw new IOException("the target's text is wrong: " + e.getMessage(), e);
    }
  }
}
