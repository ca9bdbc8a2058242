// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.List;

/**
 * AttrRply (RFC 2608 §10.4).
 *
 * @param attributes each as it stands in an attribute list; one that does not fit is left out
 *     whole. What was read is one element
 */
record AttributeReply(int error, List<String> attributes) implements SlpBody {
  private static final int AUTHENTICATORS = 1;

  AttributeReply {
    attributes = List.copyOf(attributes);
  }

  @Override
  public SlpFunction function() {
    return SlpFunction.ATTRIBUTE_REPLY;
  }

  static AttributeReply read(SlpReader in) throws SlpException {
    int error = in.uint16("error code");
    if (error != 0 && !in.hasMore()) {
      return new AttributeReply(error, List.of());
    }
    String list = in.string("attribute list");
    in.authenticationBlocks();
    return new AttributeReply(error, list.isEmpty() ? List.of() : List.of(list));
  }

  @Override
  public void write(SlpWriter out) {
    out.uint16(error);
    out.list(attributes, AUTHENTICATORS);
    out.uint8(0);
  }
}
