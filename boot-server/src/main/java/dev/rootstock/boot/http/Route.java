// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.http;

/** What answers for the paths below a prefix. */
@FunctionalInterface
public interface Route {
  /**
   * Answers. Runs on a virtual thread, and may wait.
   *
   * @param rest of the path, behind the prefix
   */
  Answer answer(Request request, String rest) throws Exception;
}
