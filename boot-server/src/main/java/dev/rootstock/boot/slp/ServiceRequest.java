// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/**
 * SrvRqst (RFC 2608 §8.1). All strings are as they came.
 *
 * @param previousResponders addresses that have answered already, separated by commas
 * @param serviceType not blank in a request that can be answered
 * @param predicate a search filter, empty for none
 * @param spi a security parameter index, empty for none
 */
record ServiceRequest(
    String previousResponders, String serviceType, String scopes, String predicate, String spi)
    implements SlpBody {

  @Override
  public SlpFunction function() {
    return SlpFunction.SERVICE_REQUEST;
  }

  static ServiceRequest read(SlpReader in) throws SlpException {
    return new ServiceRequest(
        in.string("previous responder list"),
        in.string("service type"),
        in.string("scope list"),
        in.string("predicate"),
        in.string("SPI"));
  }

  @Override
  public void write(SlpWriter out) {
    out.string(previousResponders);
    out.string(serviceType);
    out.string(scopes);
    out.string(predicate);
    out.string(spi);
  }
}
