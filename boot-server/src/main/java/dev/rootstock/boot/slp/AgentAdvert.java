// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/** SAAdvert (RFC 2608 §8.6). All strings are as they came. */
record AgentAdvert(String url, String scopes, String attributes) implements SlpBody {

  /** What its URL begins with; the address follows. */
  static final String SCHEME = "service:service-agent://";

  @Override
  public SlpFunction function() {
    return SlpFunction.AGENT_ADVERT;
  }

  static AgentAdvert read(SlpReader in) throws SlpException {
    AgentAdvert advert =
        new AgentAdvert(in.string("URL"), in.string("scope list"), in.string("attribute list"));
    in.authenticationBlocks();
    return advert;
  }

  @Override
  public void write(SlpWriter out) {
    out.string(url);
    out.string(scopes);
    out.string(attributes);
    out.uint8(0);
  }
}
