// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.ArrayList;
import java.util.List;

/**
 * SrvRply (RFC 2608 §8.2).
 *
 * @param error 0 where there are URLs
 * @param urls in the order in which they are sent, as far as a message holds them whole
 */
record ServiceReply(int error, List<UrlEntry> urls) implements SlpBody {
  private static final int MOST = 0xFFFF;

  ServiceReply {
    urls = List.copyOf(urls);
  }

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_REPLY;
  }

  static ServiceReply read(SlpReader in) throws SlpException {
    int error = in.uint16("error code");
    List<UrlEntry> urls = new ArrayList<>();
    // RFC 2608 §7: an error may end the message.
    int count = error != 0 && !in.hasMore() ? 0 : in.uint16("number of URLs");
    for (int i = 0; i < count; i++) {
      urls.add(UrlEntry.read(in));
    }
    return new ServiceReply(error, urls);
  }

  @Override
  public void write(SlpWriter out) {
    out.uint16(error);
    int countAt = out.later();
    int count = 0;
    for (UrlEntry each : urls) {
      if (out.remaining() < each.length() || count == MOST) {
        out.overflow();
        break;
      }
      each.write(out);
      count++;
    }
    out.uint16(countAt, count);
  }
}
