// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoginStatusTest {

  /** RFC 7143 §11.13.5: Status-Class and Status-Detail, read in its table. */
  @ParameterizedTest
  @CsvSource({
    "0000, SUCCESS",
    "0101, TARGET_MOVED_TEMPORARILY",
    "0102, TARGET_MOVED_PERMANENTLY",
    "0200, INITIATOR_ERROR",
    "0201, AUTHENTICATION_FAILURE",
    "0202, AUTHORIZATION_FAILURE",
    "0203, NOT_FOUND",
    "0204, TARGET_REMOVED",
    "0205, UNSUPPORTED_VERSION",
    "0206, TOO_MANY_CONNECTIONS",
    "0207, MISSING_PARAMETER",
    "0208, CANNOT_INCLUDE_IN_SESSION",
    "0209, SESSION_TYPE_NOT_SUPPORTED",
    "020a, SESSION_DOES_NOT_EXIST",
    "020b, INVALID_DURING_LOGIN",
    "0300, TARGET_ERROR",
    "0301, SERVICE_UNAVAILABLE",
    "0302, OUT_OF_RESOURCES",
  })
  void everyStatusHasItsNumber(String number, LoginStatus status) {
    assertEquals(number, String.format("%04x", status.code()));
    assertEquals(18, LoginStatus.values().length);
  }
}
