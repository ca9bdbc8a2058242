// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which congestion control connections take. BBR paces what is sent by a timer for each burst of
 * TCP's, which was measured to cost 28 % of the processor time of 256 KiB reads. It is made for
 * long paths; a machine boots from a server near by.
 */
final class Congestion {
  private static final Logger LOG = LoggerFactory.getLogger(Congestion.class);
  private static final String PACES = "bbr";
  private static final String UNPACED = "cubic";

  /** IPPROTO_TCP, TCP_CONGESTION and TCP_CA_NAME_MAX, the same on every Linux. */
  private static final int TCP = 6;

  private static final int CONGESTION = 13;
  private static final int NAME_BYTES = 16;
  static final ChannelOption<ByteBuffer> NAME =
      new RawUnixChannelOption("TCP_CONGESTION", TCP, CONGESTION, NAME_BYTES);

  private Congestion() {}

  /**
   * Has the connections that a channel of the epoll transport accepts go without pacing, where they
   * would be paced by the system's default. Where that is not allowed it stays as it is.
   */
  static void unpaced(Channel listening) {
    try {
      if (name(listening).startsWith(PACES)) {
        listening.config().setOption(NAME, bytes(UNPACED));
        LOG.info(
            "connections to {} take {} in place of the system's {}",
            listening.localAddress(),
            UNPACED,
            PACES);
      }
    } catch (ChannelException refused) {
      LOG.debug("connections are paced: {}", refused.getMessage());
    }
  }

  static String name(Channel channel) {
    ByteBuffer name = channel.config().getOption(NAME);
    return StandardCharsets.US_ASCII.decode(name).toString().replace("\0", "");
  }

  static ByteBuffer bytes(String name) {
    byte[] padded = new byte[NAME_BYTES];
    byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, padded, 0, ascii.length);
    return ByteBuffer.wrap(padded);
  }
}
