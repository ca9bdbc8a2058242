// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.session;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a session by their CID (RFC 7143 §4.2.1), the oldest one first. They are few,
 * so that they are looked up one by one.
 *
 * <p>One that has been logged out stays until its last response is sent, but is no longer
 * <em>live</em>: its CID may be used again.
 */
final class Connections {
  private final List<Connection> all = new ArrayList<>(1);

  void add(Connection connection) {
    all.add(connection);
  }

  /** Takes a connection out; false when it was out already. */
  boolean remove(Connection connection) {
    return all.remove(connection);
  }

  /** The live connection of a number, or null. */
  @Nullable Connection live(int cid) {
    for (Connection connection : all) {
      if (connection.cid() == cid && !connection.isLeaving()) {
        return connection;
      }
    }
    return null;
  }

  /** All, those that have been logged out and are not closed yet included. */
  List<Connection> all() {
    return all;
  }

  /** All that are live, as they are now. */
  List<Connection> live() {
    return all.stream().filter(connection -> !connection.isLeaving()).toList();
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  /** Closes them all. */
  void close() {
    for (Connection connection : List.copyOf(all)) {
      connection.close();
    }
  }
}
