// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.script;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rootstock.boot.http.Answer;
import dev.rootstock.boot.http.Request;
import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadyRouteTest {
  private final List<String> said = new ArrayList<>();

  private int status(HttpMethod method, String rest) {
    Request request =
        new Request(method, "/boots/" + rest, Map.of(), InetAddress.getLoopbackAddress());
    ReadyRoute route =
        new ReadyRoute(
            (token, from) -> {
              said.add(token + " from " + from);
              return token.equals("alpha.right");
            });
    return ((Answer.Text) route.answer(request, rest)).status().code();
  }

  @Test
  void aTokenIsTakenByPost() {
    assertEquals(200, status(HttpMethod.POST, "alpha.right/ready"));
    assertEquals(List.of("alpha.right from 127.0.0.1"), said);
  }

  @Test
  void anotherTokenIsNotFound() {
    assertEquals(404, status(HttpMethod.POST, "alpha.wrong/ready"));
  }

  /** Whoever follows a link, as a browser does, says nothing by it. */
  @Test
  void lookingIsNotSaying() {
    assertEquals(405, status(HttpMethod.GET, "alpha.right/ready"));
    assertEquals(405, status(HttpMethod.HEAD, "alpha.right/ready"));
    assertEquals(404, status(HttpMethod.POST, "alpha.right"));
    assertEquals(List.of(), said);
  }
}
