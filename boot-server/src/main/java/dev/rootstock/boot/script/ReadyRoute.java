// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.Request;
import dev.rootstock.boot.http.Route;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.function.BiPredicate;

/**
 * {@code POST /boots/TOKEN/ready}: a machine says that its boot has come to its end. What stands in
 * the request's body does not matter.
 */
public final class ReadyRoute implements Route {
  /** Below which path it answers. */
  public static final String PREFIX = "/boots/";

  private static final String SUFFIX = "/ready";

  private final BiPredicate<String, String> boots;

  /**
   * @param boots takes a token and the address that it came from; false where no boot has it
   */
  public ReadyRoute(BiPredicate<String, String> boots) {
    this.boots = boots;
  }

  /** The path of a boot. */
  public static String path(String token) {
    return PREFIX + token + SUFFIX;
  }

  @Override
  public Answer answer(Request request, String rest) {
    if (!rest.endsWith(SUFFIX)) {
      return Answer.Text.failed(HttpResponseStatus.NOT_FOUND, "there is no such file here");
    }
    if (!request.method().equals(HttpMethod.POST)) {
      return Answer.Text.failed(
          HttpResponseStatus.METHOD_NOT_ALLOWED, "a machine says that it is ready by POST");
    }
    String token = rest.substring(0, rest.length() - SUFFIX.length());
    return boots.test(token, request.client().getHostAddress())
        ? Answer.Text.ok("noted\n")
        : Answer.Text.failed(
            HttpResponseStatus.NOT_FOUND,
            "no boot that runs has this token: it dies with its boot");
  }
}
