// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/**
 * DAAdvert (RFC 2608 §8.5). All strings are as they came.
 *
 * @param bootTimestamp seconds since 1970 when it lost all registrations, unsigned; 0 when it ends
 * @param spis the SPIs that it can verify
 */
record DirectoryAdvert(
    int error, int bootTimestamp, String url, String scopes, String attributes, String spis)
    implements SlpBody {

  /** What its URL begins with; the address follows. */
  static final String SCHEME = "service:directory-agent://";

  @Override
  public SlpFunction function() {
    return SlpFunction.DIRECTORY_ADVERT;
  }

  static DirectoryAdvert read(SlpReader in) throws SlpException {
    int error = in.uint16("error code");
    if (error != 0 && !in.hasMore()) {
      return new DirectoryAdvert(error, 0, "", "", "", "");
    }
    DirectoryAdvert advert =
        new DirectoryAdvert(
            error,
            in.int32("boot timestamp"),
            in.string("URL"),
            in.string("scope list"),
            in.string("attribute list"),
            in.string("SPI list"));
    in.authenticationBlocks();
    return advert;
  }

  @Override
  public void write(SlpWriter out) {
    out.uint16(error);
    out.int32(bootTimestamp);
    out.string(url);
    out.string(scopes);
    out.string(attributes);
    out.string(spis);
    out.uint8(0);
  }
}
