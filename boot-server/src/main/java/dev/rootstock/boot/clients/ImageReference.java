// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.clients;

import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image as administrators name it: {@code debian@3}, or {@code debian} for its default version.
 *
 * @param image the image's name
 * @param version from 1 on, or empty for the default version
 */
public record ImageReference(String image, OptionalInt version) {
  private static final Pattern FORM =
      Pattern.compile("([a-z0-9][a-z0-9.-]{0,62})(?:@([1-9][0-9]{0,8}))?");

  public ImageReference {
    String text = text(image, version);
    if (!FORM.matcher(text).matches() || image.contains("..")) {
      throw refused(text);
    }
  }

  /** One version of an image. */
  public static ImageReference of(String image, int version) {
    return new ImageReference(image, OptionalInt.of(version));
  }

  /** Reads {@code NAME} or {@code NAME@VERSION}. */
  public static ImageReference parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw refused(text);
    }
    String version = matcher.group(2);
    return new ImageReference(
        matcher.group(1),
        version == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(version)));
  }

  @Override
  public String toString() {
    return text(image, version);
  }

  private static String text(String image, OptionalInt version) {
    return version.isPresent() ? image + "@" + version.getAsInt() : image;
  }

  private static InvalidClientException refused(String text) {
    return new InvalidClientException(
        "'%s' names no image: write NAME or NAME@VERSION, NAME being 1 to 63 of a-z 0-9 . - (first"
                .formatted(Text.shown(text))
            + " a letter or digit, no '..')");
  }
}
