// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.testing.CrashFiles.Operation;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

/**
 * What crashes leave of files. It goes through what was done to them, and at any moment tells what
 * would be there if everything ended now.
 *
 * <p>When the process is killed, all that was done is there; of a write that was under way, a first
 * part. When the power goes, what was synced is there, and of everything since any sectors of 512
 * bytes that like to, whatever the order and whichever the file; so it is with names, lengths and
 * holes.
 */
public final class Crashes {
  private static final int SECTOR = 512;

  private record Numbered(int number, Operation operation) {}

  private final CrashFiles recorded;
  private final List<Operation> operations;
  private final List<Content> cached;
  private final List<Content> durable = new ArrayList<>();
  private final Map<Path, Integer> cachedNames;
  private final Map<Path, Integer> durableNames;
  private final Map<Integer, Deque<Numbered>> unsynced = new HashMap<>();

  /** What was done to names since their folder was last synced. */
  private final List<Numbered> unsyncedNames = new ArrayList<>();

  /** Folders that were made on the way; with one, a power loss takes what is in it. */
  private final Set<Path> foldersMade = new HashSet<>();

  private int at;

  /** Begins with the files as they were at {@link CrashFiles#begin}, given by {@code first}. */
  public Crashes(CrashFiles first, CrashFiles recorded) {
    this.recorded = recorded;
    operations = recorded.operations();
    cached = new ArrayList<>(first.contents());
    cachedNames = new HashMap<>(first.names());
    CrashFiles.Killed before = first.killed();
    if (before == null) {
      durable.addAll(first.contents());
      durableNames = new HashMap<>(first.names());
    } else {
      before.durable().forEach(content -> durable.add(content.copy()));
      durableNames = new HashMap<>(before.names());
      before.unsyncedNames().forEach(name -> unsyncedNames.add(new Numbered(-1, name)));
      for (Operation operation : before.unsynced()) {
        waiting(operation.file()).add(new Numbered(-1, operation));
      }
    }
  }

  /** How many operations there are. */
  public int count() {
    return operations.size();
  }

  /** Goes on to the moment at which so many operations had ended. */
  public void goTo(int end) {
    while (at < end) {
      Operation next = operations.get(at);
      switch (next) {
        case CrashFiles.Created created -> {
          while (cached.size() <= created.file()) {
            cached.add(new Content());
            durable.add(new Content());
          }
          if (created.file() == CrashFiles.FOLDER) {
            foldersMade.add(created.path());
          }
          named(next);
        }
        case CrashFiles.Deleted deleted -> named(next);
        case CrashFiles.Moved moved -> named(next);
        case CrashFiles.FolderSynced synced -> {
          for (Numbered name : List.copyOf(unsyncedNames)) {
            if (name.number < synced.begun() && folder(name.operation).equals(synced.folder())) {
              applyName(durableNames, name.operation);
              unsyncedNames.remove(name);
            }
          }
        }
        case CrashFiles.Synced synced -> {
          Deque<Numbered> waiting = waiting(synced.file());
          while (!waiting.isEmpty() && waiting.getFirst().number < synced.begun()) {
            apply(durable.get(synced.file()), waiting.removeFirst().operation);
          }
        }
        default -> {
          apply(cached.get(next.file()), next);
          waiting(next.file()).add(new Numbered(at, next));
        }
      }
      at++;
    }
  }

  private void named(Operation name) {
    applyName(cachedNames, name);
    unsyncedNames.add(new Numbered(at, name));
  }

  /**
   * Whose sync makes it durable: of two folders the one that it leaves, for a move is one change.
   */
  private static Path folder(Operation name) {
    Path path =
        switch (name) {
          case CrashFiles.Created created -> created.path();
          case CrashFiles.Deleted deleted -> deleted.path();
          case CrashFiles.Moved moved -> moved.from();
          default -> throw new IllegalArgumentException(name.toString());
        };
    return Objects.requireNonNull(path.getParent());
  }

  private static void applyName(Map<Path, Integer> names, Operation name) {
    switch (name) {
      case CrashFiles.Created created -> names.put(created.path(), created.file());
      case CrashFiles.Deleted deleted -> names.remove(deleted.path());
      case CrashFiles.Moved moved -> {
        names.remove(moved.from(), moved.file());
        names.put(moved.to(), moved.file());
      }
      default -> throw new IllegalArgumentException(name.toString());
    }
  }

  private Deque<Numbered> waiting(int file) {
    return unsynced.computeIfAbsent(file, none -> new ArrayDeque<>());
  }

  private static void apply(Content content, Operation operation) {
    switch (operation) {
      case CrashFiles.Written(int file, long offset, ByteBuffer bytes) ->
          content.write(offset, bytes, 0, bytes.capacity());
      case CrashFiles.Truncated truncated -> content.resize(truncated.size());
      case CrashFiles.Punched punched -> content.punch(punched.offset(), punched.length());
      default -> {}
    }
  }

  /** The process is killed now, perhaps in the middle of the next operation. */
  public CrashFiles kill(Random random) {
    List<Content> left = new ArrayList<>(cached.stream().map(Content::copy).toList());
    List<Operation> last = new ArrayList<>();
    if (at < operations.size()
        && operations.get(at)
            instanceof CrashFiles.Written(int file, long offset, ByteBuffer bytes)) {
      long end = (offset + random.nextInt(bytes.capacity() + 1)) / SECTOR * SECTOR;
      if (end > offset) {
        ByteBuffer part = bytes.slice(0, (int) (end - offset));
        left.get(file).write(offset, part, 0, part.capacity());
        last.add(new CrashFiles.Written(file, offset, part));
      }
    }
    List<Operation> waiting = new ArrayList<>();
    unsynced.values().forEach(of -> of.forEach(numbered -> waiting.add(numbered.operation)));
    waiting.addAll(last);
    CrashFiles.Killed killed =
        new CrashFiles.Killed(
            durable.stream().map(Content::copy).toList(),
            Map.copyOf(durableNames),
            waiting,
            unsyncedNames.stream().map(Numbered::operation).toList());
    return new CrashFiles(recorded.boot(), cachedNames, left, killed);
  }

  /** The power goes now. */
  public CrashFiles powerLoss(Random random) {
    int kept =
        switch (random.nextInt(5)) {
          case 0 -> 0;
          case 1 -> 10;
          case 2 -> 50;
          case 3 -> 90;
          default -> 100;
        };
    int whole = random.nextInt(2); // whether operations are lost as a whole, or sector by sector
    List<Content> left = new ArrayList<>(durable.stream().map(Content::copy).toList());
    unsynced.forEach(
        (file, waiting) -> {
          for (Numbered operation : waiting) {
            if (whole == 1) {
              if (random.nextInt(100) < kept) {
                apply(left.get(file), operation.operation);
              }
            } else {
              tear(left.get(file), operation.operation, random, kept);
            }
          }
        });
    Map<Path, Integer> names = new HashMap<>(durableNames);
    for (Numbered name : unsyncedNames) {
      if (random.nextInt(100) < kept) {
        applyName(names, name.operation);
      }
    }
    return restored(names, left, UUID.randomUUID());
  }

  /**
   * The power goes now, and of what was not synced only the last operation has reached the disk.
   */
  public CrashFiles lastAlone() {
    List<Content> left = new ArrayList<>(durable.stream().map(Content::copy).toList());
    unsynced.forEach(
        (file, waiting) -> {
          if (!waiting.isEmpty() && waiting.getLast().number == at - 1) {
            apply(left.get(file), waiting.getLast().operation);
          }
        });
    return restored(durableNames, left, UUID.randomUUID());
  }

  private static void tear(Content content, Operation operation, Random random, int kept) {
    if (!(operation instanceof CrashFiles.Written(int file, long offset, ByteBuffer bytes))) {
      if (random.nextInt(100) < kept) {
        apply(content, operation);
      }
      return;
    }
    for (int from = 0; from < bytes.capacity(); ) {
      int sector = Math.min(bytes.capacity() - from, (int) (SECTOR - (offset + from) % SECTOR));
      if (random.nextInt(100) < kept) {
        content.write(offset + from, bytes, from, sector);
      }
      from += sector;
    }
  }

  private CrashFiles restored(Map<Path, Integer> names, List<Content> left, UUID boot) {
    CrashFiles files = new CrashFiles(boot);
    Set<Path> lostFolders = new HashSet<>(foldersMade);
    lostFolders.removeAll(names.keySet());
    names.forEach(
        (path, file) -> {
          if (file == CrashFiles.FOLDER) {
            files.makeFolder(path);
          } else if (!lostFolders.contains(path.getParent())) {
            files.put(path, left.get(file));
          }
        });
    files.begin();
    return files;
  }
}
