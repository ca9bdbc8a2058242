// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.rootstock.boot.control.RefusedException;
import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.Lun;
import dev.rootstock.dhcp.RootPath;
import dev.rootstock.dhcp.ServerName;
import dev.rootstock.dhcp.SyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.cli.Option;

/** {@code root-path}: writes and explains the string of RFC 4173 §5. */
final class RootPathCommand implements Command {
  private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");

  @Override
  public String name() {
    return "root-path";
  }

  @Override
  public String summary() {
    return "print the root path of a disk for DHCP option 17, or explain one";
  }

  @Override
  public List<Option> options() {
    return List.of(
        Command.option("server", "HOST", "the address of the target; names need a resolver"),
        Command.option("port", "PORT", "its port, 3260 by default"),
        Command.option("lun", "LUN", "the logical unit in hexadecimal groups, 0 by default"),
        Command.option("target", "IQN", "the name of the target"),
        Command.option("parse", "STRING", "explain this root path, or say what is wrong where"));
  }

  @Override
  public boolean printsData() {
    return true;
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    String parse = invocation.value("parse");
    if (parse != null) {
      for (String other : List.of("server", "port", "lun", "target")) {
        if (invocation.has(other)) {
          throw new UsageException("'root-path' takes --parse or --%s, not both".formatted(other));
        }
      }
      try {
        explain(invocation, RootPath.parse(parse));
      } catch (SyntaxException e) {
        throw new RefusedException("this is no root path, " + e.getMessage(), e);
      }
      return DONE;
    }
    String text = write(invocation).toString();
    if (invocation.json()) {
      ObjectNode node = invocation.arguments();
      node.put("rootPath", text);
      invocation.printJson(node);
    } else {
      invocation.print(text);
    }
    return DONE;
  }

  private static RootPath write(Invocation invocation) throws Exception {
    String server = invocation.required("server");
    String target = invocation.required("target");
    String port = invocation.value("port");
    if (port != null && !PORT.matcher(port).matches()) {
      throw new UsageException("--port %s is no number from 1 to 65535".formatted(port));
    }
    String lun = invocation.value("lun");
    try {
      return RootPath.of(
          part("--server", server, ServerName::ofHost),
          port == null ? RootPath.DEFAULT_PORT : Integer.parseInt(port),
          lun == null ? Lun.ZERO : part("--lun", lun, Lun::parse),
          part("--target", target, IscsiName::parse));
    } catch (IllegalArgumentException e) {
      throw new RefusedException(String.valueOf(e.getMessage()), e);
    }
  }

  private interface Parser<T> {
    T parse(String text) throws SyntaxException;
  }

  private static <T> T part(String option, String text, Parser<T> parser) throws RefusedException {
    try {
      return parser.parse(text);
    } catch (SyntaxException e) {
      throw new RefusedException("%s '%s' is wrong %s".formatted(option, text, e.getMessage()), e);
    }
  }

  private static void explain(Invocation invocation, RootPath path) {
    String server = path.server().map(ServerName::text).orElse(null);
    if (invocation.json()) {
      ObjectNode node = invocation.arguments();
      node.put("server", server);
      node.put("port", path.portOrDefault());
      node.put("lun", path.lun().toString());
      node.put("target", path.target().value());
      invocation.printJson(node);
      return;
    }
    List<String[]> pairs = new ArrayList<>();
    pairs.add(
        new String[] {"server", server == null ? "blank: the client has to discover it" : server});
    pairs.add(
        new String[] {
          "port", path.portOrDefault() + (path.port().isEmpty() ? " (blank: the default)" : "")
        });
    pairs.add(new String[] {"LUN", path.lun().toString()});
    pairs.add(new String[] {"target", path.target().value()});
    Table.pairs(pairs).forEach(invocation::print);
  }
}
