// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import io.netty.handler.codec.http.HttpMethod;
import java.net.InetAddress;
import java.util.Map;

/**
 * A request, decoded.
 *
 * @param method GET, HEAD or POST
 * @param path decoded once, beginning with a slash
 * @param parameters of the query, the first value of each
 * @param client who asks
 */
public record Request(
    HttpMethod method, String path, Map<String, String> parameters, InetAddress client) {
  public Request {
    parameters = Map.copyOf(parameters);
  }
}
