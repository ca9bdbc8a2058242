// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 2608 §5, §9.4, §10.4. */
class AttributesTest {
  private static final String IGORE =
      "(Name=Igore),(Protocol=LPR),(location-description=12th floor),"
          + "(Operator=James Dornan \\3cdornan@monster\\3e),(resolution=res-600),x-OK";
  private static final String NOT =
      "(Name=Not),(protocol=http),(location-description=QA bench),(resolution=other),x-BUSY";

  private static String revealed(String tags, String... lists) throws SlpException {
    List<Attributes> services = new ArrayList<>();
    for (String list : lists) {
      services.add(Attributes.parse(list));
    }
    return String.join(",", Attributes.revealed(services, TagList.parse(tags)));
  }

  /** The examples of RFC 2608 §10.5. */
  @Test
  void theRfcsExamples() throws Exception {
    assertEquals(
        "(location-description=12th floor),(resolution=res-600)",
        revealed("resolution,loc*", IGORE));
    assertEquals(
        "(Protocol=LPR,http),(resolution=res-600,other),x-OK,x-BUSY",
        revealed("x-*,resolution,protocol", IGORE, NOT));
    assertEquals("(A=a a,b)", revealed("", "(A=a a,b)", "(a=A   A,B)"));
  }

  @Test
  void caseWhiteSpaceAndEscapesComeBackAsTheyWere() throws Exception {
    assertEquals(IGORE, revealed("", IGORE));
    assertEquals("( a = b  \\2c C )", revealed("", " ( a = b  \\2c C ) "));
  }

  /** RFC 4018 §6.1. */
  @ParameterizedTest
  @ValueSource(
      strings = {"", "*", "auth-name", "AUTH-*", "*-list", "boot-list,auth-cred,auth-addr"})
  void whoMayLogInIsNeverRevealed(String tags) throws Exception {
    String list = "(auth-name=a),(auth-addr=b),(auth-cred=c),(boot-list=d),(Boot-List=e)";
    assertEquals("", revealed(tags, list));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "(a=b; 2",
        "(a); 2",
        "(=b); 2",
        "(a=); 2",
        "(a=b)(c=d); 2",
        "(a=b) x; 2",
        "(a=b,); 2",
        "(a=b\\4); 2",
        "(a=b!); 2",
        "(a_b=c); 2",
        "a=b; 2",
        ",; 2",
        "(a=b),; 2",
        "(a=\\FF); 2",
        "(x=4,true,sue,\\ff\\00\\00); 3",
        "(a=1,b); 3",
        "(a=true,false); 3",
        "(x=1),(X=foo); 3",
        "(b=true),(b=false); 3"
      })
  void refusesWhatIsNoAttributeList(String list, int error) {
    SlpException refused = assertThrows(SlpException.class, () -> Attributes.parse(list));
    assertEquals(error, refused.error().code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  "})
  void noAttributesAreAListToo(String list) throws Exception {
    assertEquals(Attributes.NONE, Attributes.parse(list));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "*bob*; some bob i know; true",
        "*bob*; bob; true",
        "bob*; bobby; true",
        "*bob; bobby; false",
        "b*b; b; false",
        "b*b; bb; true",
        "bob; bobby; false",
        "BOB; bob; true",
        "*; x; true"
      })
  void tagFilters(String filter, String tag, boolean expected) throws Exception {
    assertEquals(expected, TagList.parse(filter).contains(tag));
  }

  @ParameterizedTest
  @ValueSource(strings = {",", "a,", "(a)", "a=b"})
  void refusesWhatIsNoTagList(String tags) {
    assertThrows(SlpException.class, () -> TagList.parse(tags));
  }

  /** RFC 2608 §9.3. */
  @Test
  void anUpdateReplacesWhatItNamesAndKeepsTheRest() throws Exception {
    Attributes updated =
        Attributes.parse("(A=1),(B=2),(C=3)").updatedBy(Attributes.parse("(C=30),(D=40)"));
    assertEquals(
        List.of("(A=1)", "(B=2)", "(C=30)", "(D=40)"),
        Attributes.revealed(List.of(updated), TagList.parse("")));
  }
}
