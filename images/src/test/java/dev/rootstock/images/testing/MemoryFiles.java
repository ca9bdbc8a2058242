// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.images.testing;

import dev.rootstock.images.file.HostFile;
import dev.rootstock.images.file.HostFiles;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Files by name, in memory. */
public final class MemoryFiles implements HostFiles.Opener {
  private final Map<Path, MemoryFile> files = new ConcurrentHashMap<>();

  @Override
  public HostFile open(Path path, HostFiles.Mode mode)
      throws FileAlreadyExistsException, NoSuchFileException {
    if (mode == HostFiles.Mode.CREATE) {
      MemoryFile made = new MemoryFile(new byte[0]);
      if (files.putIfAbsent(path, made) != null) {
        throw new FileAlreadyExistsException(path.toString());
      }
      return made;
    }
    MemoryFile file = files.get(path);
    if (file == null) {
      throw new NoSuchFileException(path.toString());
    }
    return file;
  }

  /** What a file holds now. */
  public byte[] content(Path path) throws NoSuchFileException {
    MemoryFile file = files.get(path);
    if (file == null) {
      throw new NoSuchFileException(path.toString());
    }
    return file.content();
  }
}
