// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.rootstock.boot.wrong.BootThatLooksUp;
import dev.rootstock.dhcp.wrong.OptionsWithSocket;
import dev.rootstock.dhcp.wrong.OptionsWithStore;
import dev.rootstock.images.wrong.ImagesWithNetty;
import dev.rootstock.images.wrong.ImagesWithTarget;
import dev.rootstock.target.scsi.wrong.ScsiWithNetty;
import dev.rootstock.target.wrong.TargetWithBoot;
import dev.rootstock.target.wrong.TargetWithInitiator;
import dev.rootstock.target.wrong.TargetWithStore;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Which module may import what: the table of docs/design.md, "Layout". */
class ModuleArrowsTest {
  private static final String OURS = "dev.rootstock..";

  /** Each rule with classes of the test sources that break it. */
  private record Arrow(ArchRule rule, List<Class<?>> breaks) {}

  private static final List<Arrow> ARROWS =
      List.of(
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.images..")
                  .should()
                  .dependOnClassesThat(
                      resideInAPackage(OURS).and(not(resideInAPackage("dev.rootstock.images.."))))
                  .as("images imports nothing of ours"),
              List.of(ImagesWithTarget.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.images..")
                  .should()
                  .dependOnClassesThat(resideInAnyPackage("io.netty..", "java.net.."))
                  .as("images knows no network"),
              List.of(ImagesWithNetty.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.dhcp..")
                  .should()
                  .dependOnClassesThat(
                      resideInAPackage(OURS).and(not(resideInAPackage("dev.rootstock.dhcp.."))))
                  .as("dhcp-options imports nothing of ours"),
              List.of(OptionsWithStore.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.dhcp..")
                  .should()
                  .dependOnClassesThat(
                      resideInAnyPackage("io.netty..", "java.nio.channels..", "javax.net..")
                          .or(socketOfJavaNet()))
                  .as("dhcp-options opens no socket"),
              List.of(OptionsWithSocket.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.target..")
                  .should()
                  .dependOnClassesThat(
                      resideInAPackage(OURS)
                          .and(
                              not(
                                  resideInAnyPackage(
                                      "dev.rootstock.target..", "dev.rootstock.images.block"))))
                  .as("target imports only images.block of ours"),
              List.of(TargetWithStore.class, TargetWithBoot.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.target..")
                  .and()
                  .resideOutsideOfPackage("dev.rootstock.target.initiator..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("dev.rootstock.target.initiator..")
                  .as("no server code of target reaches its initiator"),
              List.of(TargetWithInitiator.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage("dev.rootstock.target.scsi..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("io.netty..")
                  .as("the SCSI device server knows no Netty"),
              List.of(ScsiWithNetty.class)),
          new Arrow(
              noClasses()
                  .that()
                  .resideInAPackage(OURS)
                  .and()
                  .resideOutsideOfPackage("dev.rootstock.qemu..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("dev.rootstock.qemu..")
                  .as("nobody imports qemu-tests"),
              List.of(BootThatLooksUp.class)));

  @TestFactory
  Stream<DynamicTest> theCodeKeepsTo() {
    JavaClasses code =
        new ClassFileImporter()
            .withImportOption(location -> !location.contains("/test-classes/"))
            .importPackages("dev.rootstock");
    return ARROWS.stream()
        .map(a -> DynamicTest.dynamicTest(a.rule().getDescription(), () -> a.rule().check(code)));
  }

  @TestFactory
  Stream<DynamicTest> wouldNotice() {
    return ARROWS.stream()
        .flatMap(arrow -> arrow.breaks().stream().map(wrong -> notices(arrow.rule(), wrong)));
  }

  private static DynamicTest notices(ArchRule rule, Class<?> wrong) {
    return DynamicTest.dynamicTest(
        rule.getDescription() + ", broken by " + wrong.getSimpleName(),
        () -> {
          JavaClasses classes = new ClassFileImporter().importClasses(wrong);
          assertTrue(rule.evaluate(classes).hasViolation());
        });
  }

  /** Without this a rule would hold because a module is not on the class path. */
  @Test
  void everyModuleIsLookedAt() {
    Map<String, Long> modules =
        new ClassFileImporter()
                .withImportOption(location -> !location.contains("/test-classes/"))
                .importPackages("dev.rootstock")
                .stream()
                .collect(
                    Collectors.groupingBy(
                        c -> c.getPackageName().split("\\.", -1)[2], Collectors.counting()));
    assertEquals(5, modules.size(), modules.toString());
    assertFalse(modules.values().stream().anyMatch(count -> count < 5), modules.toString());
  }

  private static com.tngtech.archunit.base.DescribedPredicate<JavaClass> socketOfJavaNet() {
    return com.tngtech.archunit.base.DescribedPredicate.describe(
        "sockets of java.net",
        c -> c.getPackageName().equals("java.net") && c.getSimpleName().contains("Socket"));
  }
}
