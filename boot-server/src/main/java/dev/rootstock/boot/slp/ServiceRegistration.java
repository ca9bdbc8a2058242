// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/**
 * SrvReg (RFC 2608 §8.3). All strings are as they came.
 *
 * @param attributes an attribute list
 * @param attributeAuthenticators how many authentication blocks follow it; none are ever written
 */
record ServiceRegistration(
    UrlEntry entry,
    String serviceType,
    String scopes,
    String attributes,
    int attributeAuthenticators)
    implements SlpBody {

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_REGISTRATION;
  }

  static ServiceRegistration read(SlpReader in) throws SlpException {
    return new ServiceRegistration(
        UrlEntry.read(in),
        in.string("service type"),
        in.string("scope list"),
        in.string("attribute list"),
        in.authenticationBlocks());
  }

  @Override
  public void write(SlpWriter out) {
    entry.write(out);
    out.string(serviceType);
    out.string(scopes);
    out.string(attributes);
    out.uint8(0);
  }
}
