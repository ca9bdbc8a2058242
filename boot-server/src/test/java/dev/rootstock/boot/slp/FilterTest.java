// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 2254's grammar with the meaning of RFC 2608 §8.1, and the secrets of RFC 4018 §6.1. */
class FilterTest {
  private static final String SERVICE =
      "(x=1,2,3),(y=foo),(b=true),(o=\\FF\\00\\a1),(name=Some  \\28odd\\29 Name),"
          + "(q=3),(speed=1000),(s=34foo),(neg=-5),keyword,"
          + "(auth-name=iqn.a:one,iqn.a:two),(boot-list=iqn.a:one),(auth-cred=chap/foo),"
          + "(auth-addr=192.0.2.3)";

  private static boolean matches(String filter, String attributes) throws SlpException {
    return FilterParser.parse(filter).matches(Attributes.parse(attributes));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // the examples of RFC 2608 §8.1
        "(&(q<=3)(speed>=1000)); true",
        "(x=3); true",
        "(x=33); false",
        "(|(x=33)(y=foo)); true",
        "(y=FOO); true",
        "(keyword=*); true",
        "(s=34*); true",
        "(x=3*); false", // an integer is no string
        // order
        "(x>=4); false",
        "(x<=1); true",
        "(neg<=-5); true",
        "(neg<=-6); false",
        "(y>=fon); true",
        "(y>=fop); false",
        "(y<=foo); true",
        "(y>=1); false",
        "(b>=true); false",
        "(o<=\\FF\\00\\a2); false",
        // types
        "(b=TRUE); true",
        "(b=false); false",
        "(b=1); false",
        "(o=\\ff\\00\\A1); true",
        "(o=\\ff\\00); false",
        "(x=01); true",
        "(x=4294967297); false",
        // substrings, escapes, white space
        "(name=some (odd*); refused",
        "(name=some \\28odd\\29 name); true",
        "(  NAME =  some   \\28ODD\\29\tname ); true",
        "(name=*\\28odd*); true",
        "(name=some*odd*me); true",
        "(name=some*me*odd); false",
        "(name=*); true",
        "(name=**); true",
        "(name=some *); true",
        "(name=some*x); false",
        "(y=f*oo); true",
        "(y=foo*oo); false",
        "(s~=34FOO); true",
        // presence and absence
        "(nothing=*); false",
        "(!(nothing=*)); true",
        "(!(keyword=*)); false",
        "(nothing=1); false",
        "(!(nothing=1)); false",
        // not: one value that differs is enough
        "(!(x=1)); true",
        "(!(y=foo)); false",
        "(!(y=bar)); true",
        "(!(q>=3)); false",
        "(!(q>=4)); true",
        "(!(y=5)); false", // never of the same type
        "(!(!(y=foo))); true",
        "(!(&(y=foo)(q=3))); false",
        "(!(&(y=foo)(q=4))); true",
        "(!(|(y=bar)(q=4))); true",
        "(!(|(y=bar)(q=3))); false",
        "(!(name=some*)); false",
        "(!(name=other*)); true",
        "(&(y=foo)); true",
        "(|(y=bar)); false",
        // matching rules: none is known
        "(y:=foo); false",
        "(!(y:dn:2.4.6.8.10:=foo)); false",
        "(:caseExactMatch:=foo); false",
        "; true",
        "' \r\n '; true"
      })
  void means(String filter, String expected) throws Exception {
    String text = filter == null ? "" : filter;
    if (expected.equals("refused")) {
      assertThrows(SlpException.class, () -> matches(text, SERVICE));
    } else {
      assertEquals(Boolean.parseBoolean(expected), matches(text, SERVICE));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(x<=1*)", "(x>=*)", "(x~=a*)", "(&)", "(|)", "(!)", "(!(a=b)(c=d))", "(&(a=b)",
            "(a=b)(c=d)",
        "((a=b))", "(a<b)", "(a=b", "a=b)", "(a*=b)", "(a=b\\zz)", "(a=b\\41)", "(a_b=c)",
            "(a=b,c)",
        "(a=b!c)", "&", "!(a=b)", "&(a=b)|(c=d)", "(&(a=b)|(c=d))", "(a=\\FF)", "(a=\u0001)", "x=y"
      })
  void refusesWhatTheGrammarDoesNotKnow(String filter) {
    SlpException error = assertThrows(SlpException.class, () -> FilterParser.parse(filter));
    assertEquals(SlpError.PARSE_ERROR, error.error());
  }

  @Test
  void depthAndLengthAreBounded() {
    String deep = "(!".repeat(5_000) + "(a=b)" + ")".repeat(5_000);
    String wide = "(&" + "(a=b)".repeat(5_000) + ")";
    assertThrows(SlpException.class, () -> FilterParser.parse(deep));
    assertThrows(SlpException.class, () -> FilterParser.parse(wide));
  }

  // ---- RFC 4018's queries

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // NL stands for a new line: the RFC prints some of them on several
        "(auth-name=iqn.a:two); true", // query 2
        "(auth-name=IQN.A:Two); true",
        "(auth-name=any); false", // query 3
        "&(auth-name=iqn.a:two)NL   (auth-name=any); true", // query 4 as printed
        "(&(auth-name=iqn.a:two)(auth-name=any)); true",
        "(|(auth-name=iqn.a:two)(auth-name=any)); true",
        "&(auth-name=iqn.a:three)(auth-name=any); false",
        "(auth-cred=chap/foo); true", // query 5
        "&(|(auth-name=iqn.a:one)(auth-name=any)NL |(auth-addr=192.0.2.3)(auth-addr=any)NL"
            + " |(auth-cred=chap/foo)(auth-cred=srp/me)NL (auth-cred=any)); true", // query 6
        "&(|(auth-name=iqn.a:one)(auth-name=any)|(auth-addr=192.0.2.9)(auth-addr=any)); false",
        "(boot-list=iqn.a:one); true", // query 7
        "(boot-list=iqn.a:two); false",
        "(&(auth-name=iqn.a:one)(boot-list=iqn.a:one)); true",
        "(&(auth-name=iqn.a:two)(boot-list=iqn.a:one)); true",
        "(&(auth-name=iqn.a:one)(auth-name=iqn.a:two)); true"
      })
  void rfc4018sQueries(String filter, boolean expected) throws Exception {
    assertEquals(expected, matches(filter.replace("NL", "\r\n"), SERVICE));
  }

  @Test
  void aTargetThatIsOpenToAnyIsFoundByQuery4() throws Exception {
    assertTrue(matches("&(auth-name=iqn.a:me)(auth-name=any)", "(auth-name=any)"));
  }

  // ---- who may log in stays a secret

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(auth-name=*)",
        "(auth-name=iqn*)",
        "(auth-name=*one)",
        "(auth-name>=a)",
        "(auth-name<=z)",
        "(auth-name~=iqn.a:one)",
        "(auth-name:=iqn.a:one)",
        "(!(auth-name=iqn.a:none))",
        "(!(!(auth-name=iqn.a:one)))",
        "(!(auth-name=*))",
        "(!(boot-list=iqn.a:two))",
        "(!(&(auth-cred=chap/bar)(auth-name=iqn.a:none)))",
        "(!(|(auth-addr=192.0.2.9)(auth-name=iqn.a:none)))"
      })
  void anythingButAnEqualityHasNoAnswer(String filter) throws Exception {
    assertFalse(matches(filter, SERVICE));
  }

  /**
   * Whatever a filter makes of them: with any one name that it does not hold in full, the services
   * that differ only in who may log in cannot be told apart.
   */
  @Test
  void noFilterTellsNamesThatItDoesNotHold() throws Exception {
    Attributes one = Attributes.parse("(x=1),(auth-name=iqn.a:one),(boot-list=iqn.a:one)");
    Attributes other = Attributes.parse("(x=1),(auth-name=iqn.b:zz),(boot-list=iqn.b:zz)");
    Random random = new Random(4018);
    for (int round = 0; round < 20_000; round++) {
      Filter filter = FilterParser.parse(randomFilter(random, 4));
      assertEquals(filter.matches(one), filter.matches(other), filter.toString());
    }
  }

  private static String randomFilter(Random random, int depth) {
    if (depth == 0 || random.nextInt(3) == 0) {
      return List.of(
              "(x=1)",
              "(x=2)",
              "(x>=1)",
              "(auth-name=*)",
              "(auth-name=iqn*)",
              "(auth-name=iqn.c:q)",
              "(boot-list=*one)",
              "(auth-name>=iqn.a)",
              "(auth-name<=iqn.b)",
              "(boot-list=any)",
              "(auth-name~=iqn.a:one)",
              "(z=1)",
              "(auth-name:=iqn.a:one)")
          .get(random.nextInt(13));
    }
    return switch (random.nextInt(3)) {
      case 0 -> "(!" + randomFilter(random, depth - 1) + ")";
      case 1 -> "(&" + randomFilter(random, depth - 1) + randomFilter(random, depth - 1) + ")";
      default -> "(|" + randomFilter(random, depth - 1) + randomFilter(random, depth - 1) + ")";
    };
  }

  /** Only what an equality asks for, and no NOT takes back, is looked up. */
  @Test
  void namesInTheFilterAreThoseOfItsEqualities() throws Exception {
    SlpTargets.Named named =
        Catalog.named(
            FilterParser.parse(
                "(|(iscsi-name=IQN.a:T)(auth-name=iqn.a:me)(boot-list=any)(!(iscsi-name=iqn.a:n))"
                    + "(iscsi-name>=iqn.a:o)(iscsi-name=iqn*))"));
    assertEquals(Set.of("iqn.a:t"), named.targets());
    assertEquals(Set.of("iqn.a:me", "any"), named.initiators());
  }
}
