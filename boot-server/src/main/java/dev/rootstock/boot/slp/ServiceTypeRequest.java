// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import java.util.Optional;

/**
 * SrvTypeRqst (RFC 2608 §10.1). All strings are as they came.
 *
 * @param namingAuthority whose types; blank for IANA's, empty for everybody's
 */
record ServiceTypeRequest(
    String previousResponders, Optional<String> namingAuthority, String scopes) implements SlpBody {
  private static final int ALL = 0xFFFF;

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_TYPE_REQUEST;
  }

  static ServiceTypeRequest read(SlpReader in) throws SlpException {
    String previous = in.string("previous responder list");
    int length = in.uint16("length of the naming authority");
    return new ServiceTypeRequest(
        previous,
        length == ALL ? Optional.empty() : Optional.of(in.text(length, "naming authority")),
        in.string("scope list"));
  }

  @Override
  public void write(SlpWriter out) {
    out.string(previousResponders);
    namingAuthority.ifPresentOrElse(out::string, () -> out.uint16(ALL));
    out.string(scopes);
  }
}
