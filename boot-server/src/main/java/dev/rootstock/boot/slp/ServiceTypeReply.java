// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.List;

/**
 * SrvTypeRply (RFC 2608 §10.2).
 *
 * @param types as many as fit are sent; what was read is one element
 */
record ServiceTypeReply(int error, List<String> types) implements SlpBody {

  ServiceTypeReply {
    types = List.copyOf(types);
  }

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_TYPE_REPLY;
  }

  static ServiceTypeReply read(SlpReader in) throws SlpException {
    int error = in.uint16("error code");
    if (error != 0 && !in.hasMore()) {
      return new ServiceTypeReply(error, List.of());
    }
    String list = in.string("list of service types");
    return new ServiceTypeReply(error, list.isEmpty() ? List.of() : List.of(list));
  }

  @Override
  public void write(SlpWriter out) {
    out.uint16(error);
    out.list(types, 0);
  }
}
