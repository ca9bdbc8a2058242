// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.discovery;

import dev.rootstock.boot.slp.SlpFound;
import dev.rootstock.boot.slp.SlpQuestion;
import dev.rootstock.boot.slp.SlpUserAgent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * SLP, by the queries that RFC 4173 §6 names.
 *
 * @param scopes at least one
 * @param agent the one agent to ask, or empty for everybody, by multicast
 * @param networks where to multicast, all at the same time
 */
public record SlpSearch(
    List<String> scopes, Optional<InetAddress> agent, List<NetworkInterface> networks)
    implements TargetSearch {

  public SlpSearch {
    scopes = List.copyOf(scopes);
    networks = List.copyOf(networks);
  }

  @Override
  public String asked() {
    return agent
        .map(each -> "the SLP agent at " + each.getHostAddress())
        .orElse(
            "SLP on "
                + String.join(", ", networks.stream().map(NetworkInterface::getName).toList()));
  }

  @Override
  public List<FoundTarget> find(Wanted wanted) throws IOException {
    SlpQuestion question =
        wanted
            .target()
            .map(name -> SlpQuestion.target(scopes, name))
            .or(() -> wanted.initiator().map(name -> SlpQuestion.initiator(scopes, name)))
            .orElseGet(() -> SlpQuestion.everyTarget(scopes));
    List<SlpFound> found =
        agent.isPresent()
            ? new SlpUserAgent().unicast(question, agent.get())
            : everywhere(question);
    return FoundTarget.grouped(
        found.stream()
            .map(
                each ->
                    Map.entry(
                        each.target(),
                        new FoundTarget.Portal(each.host(), each.port(), OptionalInt.empty())))
            .toList());
  }

  private List<SlpFound> everywhere(SlpQuestion question) throws IOException {
    List<SlpFound> found = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<SlpFound>>> asked =
          networks.stream()
              .map(each -> threads.submit(() -> new SlpUserAgent().multicast(question, each)))
              .toList();
      for (Future<List<SlpFound>> each : asked) {
        found.addAll(each.get());
      }
      return found;
    } catch (ExecutionException e) {
      throw new IOException("SLP cannot be asked: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
