// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/**
 * AttrRqst (RFC 2608 §10.3). All strings are as they came.
 *
 * @param url a URL, or a service type for all its services together
 * @param tags which attributes, with wildcards; empty for all
 */
record AttributeRequest(
    String previousResponders, String url, String scopes, String tags, String spi)
    implements SlpBody {

  @Override
  public SlpFunction function() {
    return SlpFunction.ATTRIBUTE_REQUEST;
  }

  static AttributeRequest read(SlpReader in) throws SlpException {
    return new AttributeRequest(
        in.string("previous responder list"),
        in.string("URL"),
        in.string("scope list"),
        in.string("tag list"),
        in.string("SPI"));
  }

  @Override
  public void write(SlpWriter out) {
    out.string(previousResponders);
    out.string(url);
    out.string(scopes);
    out.string(tags);
    out.string(spi);
  }
}
