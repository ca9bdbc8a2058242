// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/**
 * SrvDeReg (RFC 2608 §10.6). All strings are as they came.
 *
 * @param tags which attributes to take back, empty for the whole service
 */
record ServiceDeregistration(String scopes, UrlEntry entry, String tags) implements SlpBody {

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_DEREGISTER;
  }

  static ServiceDeregistration read(SlpReader in) throws SlpException {
    return new ServiceDeregistration(
        in.string("scope list"), UrlEntry.read(in), in.string("tag list"));
  }

  @Override
  public void write(SlpWriter out) {
    out.string(scopes);
    entry.write(out);
    out.string(tags);
  }
}
