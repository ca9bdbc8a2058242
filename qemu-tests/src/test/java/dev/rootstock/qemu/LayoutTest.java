// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** The layout of the repository, where a slip would be costly: {@code target/} is a module. */
class LayoutTest {
  private static final Set<String> TOP =
      Set.of(
          "LICENSE",
          "README.md",
          "boot-server",
          "dhcp-options",
          "docs",
          "images",
          "pom.xml",
          "qemu-tests",
          "rootstock",
          "target");

  private static final Path HOME = home();

  static List<String> modules() throws Exception {
    var names = new ArrayList<String>();
    for (Element modules : children(pom(HOME), "modules")) {
      children(modules, "module").forEach(m -> names.add(m.getTextContent().strip()));
    }
    return names;
  }

  @Test
  void theModulesAreTheFiveOfTheDesign() throws Exception {
    assertEquals(
        Set.of("boot-server", "dhcp-options", "images", "qemu-tests", "target"),
        Set.copyOf(modules()));
  }

  @Test
  void theParentBuildsIntoBuild() throws Exception {
    Element build = children(pom(HOME), "build").getFirst();
    assertEquals(
        "${project.basedir}/build",
        children(build, "directory").getFirst().getTextContent().strip());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void noModuleBuildsElsewhere(String module) throws Exception {
    Element pom = pom(HOME.resolve(module));
    Element parent = children(pom, "parent").getFirst();
    assertEquals("rootstock", children(parent, "artifactId").getFirst().getTextContent().strip());
    var builds = new ArrayList<>(children(pom, "build"));
    for (Element profiles : children(pom, "profiles")) {
      for (Element profile : children(profiles, "profile")) {
        builds.addAll(children(profile, "build"));
      }
    }
    for (Element build : builds) {
      assertEquals(List.of(), children(build, "directory"));
      assertEquals(List.of(), children(build, "outputDirectory"));
    }
  }

  /** The classes that run now lie where the poms say. */
  @Test
  void thisTestWasBuiltIntoBuild() throws Exception {
    Path classes =
        Path.of(LayoutTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    assertEquals(HOME.resolve("qemu-tests/build/test-classes"), classes);
  }

  /** maven-clean-plugin removes the build folder, and more only where it is told to. */
  @Test
  void cleanIsToldOfNoOtherFolder() throws Exception {
    for (Path folder : poms().toList()) {
      assertFalse(Files.readString(folder.resolve("pom.xml")).contains("<filesets>"), "" + folder);
    }
  }

  @Test
  void gitDoesNotIgnoreTheTargetModule() throws Exception {
    for (String line : Files.readAllLines(HOME.resolve(".gitignore"))) {
      assertFalse(
          Pattern.matches("[/*]*target[/*]*", line.strip()),
          ".gitignore ignores the module: " + line);
    }
  }

  @Test
  void theTopLevelHoldsNothingElse() throws Exception {
    var visible = new TreeSet<String>();
    try (var entries = Files.list(HOME)) {
      entries
          .map(e -> e.getFileName().toString())
          .filter(n -> !n.startsWith("."))
          .forEach(visible::add);
    }
    // Made by our own build and by a run of the service, and ignored by git.
    visible.removeAll(Set.of("build", "rootstock-data", "rootstock.yaml"));
    assertEquals(new TreeSet<>(TOP), visible);
  }

  /** The README's way of a read names the files that a reader should open; they must be there. */
  @Test
  void everySourceFileThatTheReadmeNamesExists() throws Exception {
    String readme = Files.readString(HOME.resolve("README.md"));
    List<String> named =
        Pattern.compile("`([\\w./-]+\\.(?:java|md|sh|yaml|xml))`")
            .matcher(readme)
            .results()
            .map(r -> r.group(1))
            .filter(name -> name.contains("/"))
            .toList();
    for (String name : named) {
      assertTrue(isThere(name), "README names " + name + ", which is not there");
    }
    assertTrue(
        named.stream().filter(n -> n.endsWith(".java")).count() >= 6,
        "README shows the way of a read through the code: " + named);
  }

  /** What a page leads to is there, from where the page is. */
  @Test
  void everyPageThatAPageLinksExists() throws Exception {
    try (var docs = Files.list(HOME.resolve("docs"))) {
      for (Path page : Stream.concat(Stream.of(HOME.resolve("README.md")), docs).toList()) {
        List<String> links =
            Pattern.compile("\\]\\(([^):#]+)(?:#[^)]*)?\\)")
                .matcher(Files.readString(page))
                .results()
                .map(link -> link.group(1))
                .toList();
        for (String link : links) {
          assertTrue(Files.exists(page.resolveSibling(link)), page + " leads to " + link);
        }
      }
    }
  }

  /** A path from the top, or from a module's source root. */
  private static boolean isThere(String name) throws Exception {
    if (Files.exists(HOME.resolve(name))) {
      return true;
    }
    for (String module : modules()) {
      if (Files.exists(HOME.resolve(module).resolve("src/main/java/dev/rootstock").resolve(name))) {
        return true;
      }
    }
    return false;
  }

  private static Stream<Path> poms() throws Exception {
    return Stream.concat(Stream.of(HOME), modules().stream().map(HOME::resolve));
  }

  private static Element pom(Path folder) throws Exception {
    var factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    try (var in = Files.newInputStream(folder.resolve("pom.xml"))) {
      return factory.newDocumentBuilder().parse(in).getDocumentElement();
    }
  }

  private static List<Element> children(Element of, String name) {
    var found = new ArrayList<Element>();
    for (Node n = of.getFirstChild(); n != null; n = n.getNextSibling()) {
      if (n instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }

  private static Path home() {
    try {
      return Checkout.home();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
