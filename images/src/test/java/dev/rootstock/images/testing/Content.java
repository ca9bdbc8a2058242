// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a file in memory. Copies share their pages until one of them changes some: a crash
 * simulator makes a copy of every file for every crash, and few of their bytes differ.
 */
final class Content {
  private static final int PAGE = 4096;

  /** Null for a page of zeros. */
  private byte[] @Nullable [] pages = new byte[8][];

  /** Pages that no copy has. */
  private boolean[] own = new boolean[8];

  private int size;

  int size() {
    return size;
  }

  Content copy() {
    Content copy = new Content();
    copy.pages = pages.clone();
    copy.own = new boolean[pages.length];
    copy.size = size;
    Arrays.fill(own, false);
    return copy;
  }

  /** All of it. */
  byte[] bytes() {
    byte[] bytes = new byte[size];
    for (int at = 0; at < size; at += PAGE) {
      byte[] page = pages[at / PAGE];
      if (page != null) {
        System.arraycopy(page, 0, bytes, at, Math.min(PAGE, size - at));
      }
    }
    return bytes;
  }

  /** Fills the remaining bytes; false where the file ends before. */
  boolean read(long offset, ByteBuffer into) {
    if (offset > size - into.remaining()) {
      return false;
    }
    int at = (int) offset;
    while (into.hasRemaining()) {
      int inside = at % PAGE;
      int count = Math.min(into.remaining(), PAGE - inside);
      byte[] page = pages[at / PAGE];
      if (page != null) {
        into.put(page, inside, count);
      } else {
        into.put(new byte[count]);
      }
      at += count;
    }
    return true;
  }

  void write(long offset, ByteBuffer from, int start, int count) {
    resize(Math.max(size, (int) offset + count));
    int at = (int) offset;
    int done = 0;
    while (done < count) {
      int inside = at % PAGE;
      int now = Math.min(count - done, PAGE - inside);
      from.get(start + done, own(at / PAGE), inside, now);
      at += now;
      done += now;
    }
  }

  void resize(long to) {
    int needed = Math.ceilDiv((int) to, PAGE);
    if (needed > pages.length) {
      int more = Math.max(needed, 2 * pages.length);
      pages = Arrays.copyOf(pages, more);
      own = Arrays.copyOf(own, more);
    }
    if (to < size) {
      zero((int) to, size);
    }
    size = (int) to;
  }

  void punch(long offset, long length) {
    int end = (int) Math.min(size, offset + length);
    if (offset < end) {
      zero((int) offset, end);
    }
  }

  private void zero(int from, int end) {
    int at = from;
    while (at < end) {
      int inside = at % PAGE;
      int count = Math.min(end - at, PAGE - inside);
      if (count == PAGE) {
        pages[at / PAGE] = null;
      } else if (pages[at / PAGE] != null) {
        Arrays.fill(own(at / PAGE), inside, inside + count, (byte) 0);
      }
      at += count;
    }
  }

  private byte[] own(int number) {
    byte[] page = pages[number];
    if (page == null) {
      page = new byte[PAGE];
    } else if (!own[number]) {
      page = page.clone();
    }
    pages[number] = page;
    own[number] = true;
    return page;
  }
}
