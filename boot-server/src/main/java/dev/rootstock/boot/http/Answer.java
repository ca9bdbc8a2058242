// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

import dev.rootstock.boot.files.BootFile;
import io.netty.handler.codec.http.HttpResponseStatus;

/** What a request gets. */
public sealed interface Answer {

  /**
   * A text.
   *
   * @param status of the response
   * @param body UTF-8 text
   */
  record Text(HttpResponseStatus status, String body) implements Answer {
    /** A text with status 200. */
    public static Text ok(String body) {
      return new Text(HttpResponseStatus.OK, body);
    }

    /** One line that says what is wrong. */
    public static Text failed(HttpResponseStatus status, String why) {
      return new Text(status, why + "\n");
    }
  }

  /** A file, or the part of it that was asked for; it is closed when it is sent. */
  record File(BootFile file) implements Answer {}
}
