// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.cli;

import dev.rootstock.boot.Limits;
import dev.rootstock.boot.serve.Server;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code serve}: runs in the foreground until a signal ends it. */
final class ServeCommand implements Command {
  @Override
  public String name() {
    return "serve";
  }

  @Override
  public String summary() {
    return "run the service in the foreground, until SIGTERM or Ctrl-C";
  }

  @Override
  public int run(Invocation invocation) throws Exception {
    CountDownLatch stop = new CountDownLatch(1);
    CompletableFuture<Integer> ended = new CompletableFuture<>();
    Thread onSignal = Thread.ofPlatform().name("stop").unstarted(() -> stopInOrder(stop, ended));
    Runtime.getRuntime().addShutdownHook(onSignal);
    try (Server server = Server.start(invocation.configuration())) {
      server.ready().forEach(invocation::print);
      stop.await();
    } catch (Exception e) {
      withdraw(onSignal);
      ended.complete(FAILED);
      throw e;
    }
    ended.complete(DONE);
    return DONE;
  }

  /**
   * Runs when a signal ends the process. The JVM would end with 128 and the signal's number; a
   * service that stopped in order has done what it was asked for, so the status is its own.
   */
  private static void stopInOrder(CountDownLatch stop, CompletableFuture<Integer> ended) {
    stop.countDown();
    int status = FAILED;
    try {
      status = ended.get(Limits.STOP_TIME.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      System.err.println("rootstock: the service did not stop in order in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(status);
  }

  private static void withdraw(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The signal was faster; the hook ends the process.
    }
  }
}
