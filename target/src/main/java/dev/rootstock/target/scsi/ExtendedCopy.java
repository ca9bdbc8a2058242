// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.BlockIoException;
import dev.rootstock.images.block.Durability;
import dev.rootstock.images.block.IoCompletion;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * EXTENDED COPY(LID1) (SPC-4 §6.4) between the units of one session, from blocks to blocks: target
 * descriptors that identify a unit by its NAA designator, segment descriptors of type 02h. So
 * nobody reaches by a copy what he could not read and write himself.
 */
final class ExtendedCopy {
  /** IMPLEMENTED DESCRIPTOR TYPES: block to block, and identification. */
  static final byte[] DESCRIPTOR_TYPES = {0x02, (byte) 0xE4};

  /** What the field of a segment descriptor can hold. */
  static final int MAX_SEGMENT_BLOCKS = 0xFFFF;

  private static final Sense TOO_MANY_TARGETS = new Sense(Sense.ILLEGAL_REQUEST, 0x26, 0x06);
  private static final Sense UNSUPPORTED_TARGET = new Sense(Sense.ILLEGAL_REQUEST, 0x26, 0x07);
  private static final Sense TOO_MANY_SEGMENTS = new Sense(Sense.ILLEGAL_REQUEST, 0x26, 0x08);
  private static final Sense UNSUPPORTED_SEGMENT = new Sense(Sense.ILLEGAL_REQUEST, 0x26, 0x09);
  private static final Sense INLINE_DATA = new Sense(Sense.ILLEGAL_REQUEST, 0x26, 0x0B);
  private static final Sense OPERATION_IN_PROGRESS = new Sense(Sense.ILLEGAL_REQUEST, 0x00, 0x16);
  private static final Sense UNREACHABLE = new Sense(Sense.COPY_ABORTED, 0x08, 0x04);

  /** THIRD PARTY DEVICE FAILURE: one of the two disks did not do what it was told. */
  private static final Sense DEVICE_FAILED = new Sense(Sense.COPY_ABORTED, 0x0D, 0x01);

  private static final Sense ABORTED = new Sense(Sense.COPY_ABORTED, 0x00, 0x00);

  private static final int HEADER_BYTES = 16;
  private static final int TARGET_BYTES = 32;
  private static final int SEGMENT_BYTES = 28;
  private static final int SEGMENT_HEADER_BYTES = 4;
  private static final int TARGET_LENGTH = 2;
  private static final int SEGMENT_LENGTH = 8;
  private static final int INLINE_LENGTH = 12;

  private static final int IDENTIFICATION = 0xE4;
  private static final int BLOCK_TO_BLOCK = 0x02;

  private static final int LIST_ID_USAGE = 1;

  /** LIST ID USAGE: a reserved code, and one without a list identifier or a result to ask for. */
  private static final int RESERVED_USAGE = 1;

  private static final int NO_IDENTIFIER = 3;

  private ExtendedCopy() {}

  static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, long dataOut) {
    long length = cdb.u32(10);
    if (length == 0) {
      return Plan.Respond.GOOD;
    }
    if (length < HEADER_BYTES || length > Limits.MAX_COPY_LIST_BYTES) {
      return Plan.Fail.of(Sense.PARAMETER_LIST_LENGTH);
    }
    return new Plan.Receive(
        (int) length,
        (data, done) -> {
          byte[] list = new byte[data.remaining()];
          data.get(list);
          if (list.length < length) {
            done.ended(Plan.Fail.of(Sense.PARAMETER_LIST_LENGTH));
          } else {
            start(nexus, server, ByteBuffer.wrap(list), done);
          }
        },
        Limits.UPDATE_STEP_BYTES);
  }

  private static void start(
      Nexus nexus, DeviceServer server, ByteBuffer list, Plan.Completion done) {
    Parsed parsed = new Parsed(nexus, list);
    Plan.Fail refused = parsed.parse();
    if (refused != null) {
      done.ended(refused);
      return;
    }
    int identifier = Byte.toUnsignedInt(list.get(0));
    boolean named = usage(list) != NO_IDENTIFIER;
    if (named && nexus.copies(server).isRunning(identifier)) {
      done.ended(Plan.Fail.of(OPERATION_IN_PROGRESS));
      return;
    }
    CopyManager.Copy copy = named ? nexus.copies(server).begin(identifier) : new CopyManager.Copy();
    if (copy == null) {
      done.ended(new Plan.Fail(ScsiStatus.BUSY, null)); // others have to end first
      return;
    }
    Plan.Completion watching = done;
    for (Segment segment : parsed.segments) {
      watching = Provisioning.watching(segment.destination(), watching);
    }
    Plan.Completion end = watching;
    Steps.run(
        new Run(parsed.segments, copy),
        end.through(
            outcome -> {
              Plan.Outcome told = ofSegment(copy.segments(), outcome);
              copy.ended(failure(told));
              end.ended(told);
            }));
  }

  /** LIST ID USAGE. */
  private static int usage(ByteBuffer list) {
    return list.get(LIST_ID_USAGE) >>> 3 & 0b11;
  }

  /** A medium that failed aborts the copy, which says in which segment (SPC-4 §5.17). */
  private static Plan.Outcome ofSegment(int segment, Plan.Outcome outcome) {
    boolean ofMedium =
        outcome instanceof Plan.Fail(ScsiStatus _, Sense sense)
            && sense != null
            && sense.key() == Sense.MEDIUM_ERROR;
    return ofMedium ? Plan.Fail.of(DEVICE_FAILED.withCommandSpecific(segment)) : outcome;
  }

  /** What RECEIVE COPY RESULTS tells: also a copy that was aborted has failed. */
  private static @Nullable Sense failure(Plan.Outcome outcome) {
    if (!(outcome instanceof Plan.Fail fail)) {
      return null;
    }
    Sense sense = fail.sense();
    return sense == null ? ABORTED : sense;
  }

  /** From where to where. */
  private record Segment(
      DeviceServer source,
      long sourceLba,
      DeviceServer destination,
      long destinationLba,
      int count) {

    /** Whether to copy it forwards would overwrite what is still to be read. */
    boolean backwards() {
      long distance = destinationLba - sourceLba;
      return source == destination && distance > 0 && distance < count;
    }

    /**
     * Refuses a segment that cannot be copied, else gives null.
     *
     * @param number of the segment in its list
     */
    Plan.@Nullable Fail check(Nexus nexus, int number) {
      if (!source.holds(sourceLba, count)
          || !destination.holds(destinationLba, count)
          || source.blockBytes() != destination.blockBytes()) {
        return Plan.Fail.of(ABORTED.withCommandSpecific(number));
      }
      Sense protection = destination.writeRefusal();
      if (protection != null) {
        return Plan.Fail.of(protection);
      }
      for (DeviceServer unit : List.of(source, destination)) {
        Sense busy = unit.sanitation().condition();
        if (busy != null) {
          return Plan.Fail.of(busy);
        }
      }
      Plan.Fail reading = source.reservations().check(nexus, Access.READ);
      return reading != null ? reading : destination.reservations().check(nexus, Access.WRITE);
    }
  }

  /** A parameter list, and what it means. */
  private static final class Parsed {
    private final Nexus nexus;
    private final ByteBuffer list;
    private final List<@Nullable DeviceServer> targets = new ArrayList<>();
    final List<Segment> segments = new ArrayList<>();

    Parsed(Nexus nexus, ByteBuffer list) {
      this.nexus = nexus;
      this.list = list;
    }

    Plan.@Nullable Fail parse() {
      int targetBytes = Short.toUnsignedInt(list.getShort(TARGET_LENGTH));
      long segmentBytes = Integer.toUnsignedLong(list.getInt(SEGMENT_LENGTH));
      if (targetBytes + segmentBytes > Limits.MAX_COPY_DESCRIPTOR_BYTES
          || HEADER_BYTES + targetBytes + segmentBytes > list.limit()
          || targetBytes % TARGET_BYTES != 0) {
        return Plan.Fail.of(Sense.PARAMETER_LIST_LENGTH);
      }
      if (usage(list) == RESERVED_USAGE) {
        return Plan.Fail.of(Sense.invalidParameter(LIST_ID_USAGE));
      }
      if (list.getInt(INLINE_LENGTH) != 0) {
        return Plan.Fail.of(INLINE_DATA);
      }
      if (targetBytes / TARGET_BYTES > Limits.MAX_COPY_TARGETS) {
        return Plan.Fail.of(TOO_MANY_TARGETS);
      }
      for (int at = HEADER_BYTES; at < HEADER_BYTES + targetBytes; at += TARGET_BYTES) {
        if (Byte.toUnsignedInt(list.get(at)) != IDENTIFICATION) {
          return Plan.Fail.of(UNSUPPORTED_TARGET);
        }
        targets.add(target(at));
      }
      return parseSegments(HEADER_BYTES + targetBytes, (int) segmentBytes);
    }

    /** The unit of a descriptor; null when this session has none such. LU ID TYPE is ignored. */
    private @Nullable DeviceServer target(int at) {
      boolean naa =
          (list.get(at + 4) & 0xF) == 1
              && (list.get(at + 5) & 0x3F) == 3
              && list.get(at + 7) == Long.BYTES;
      for (DeviceServer server : nexus.servers()) {
        int blockBytes = list.getInt(at + 28) & 0xFF_FFFF;
        if (naa
            && server.unit().naa() == list.getLong(at + 8)
            && blockBytes == server.blockBytes()) {
          return server;
        }
      }
      return null;
    }

    private Plan.@Nullable Fail parseSegments(int begin, int bytes) {
      for (int at = begin; at < begin + bytes; at += SEGMENT_BYTES) {
        if (Byte.toUnsignedInt(list.get(at)) != BLOCK_TO_BLOCK) {
          return Plan.Fail.of(UNSUPPORTED_SEGMENT);
        }
        if (begin + bytes - at < SEGMENT_BYTES) {
          return Plan.Fail.of(Sense.PARAMETER_LIST_LENGTH);
        }
        if (list.getShort(at + 2) != SEGMENT_BYTES - SEGMENT_HEADER_BYTES) {
          return Plan.Fail.of(Sense.invalidParameter(at + 2));
        }
        if (segments.size() == Limits.MAX_COPY_SEGMENTS) {
          return Plan.Fail.of(TOO_MANY_SEGMENTS);
        }
        DeviceServer source = targetOf(at + 4);
        DeviceServer destination = targetOf(at + 6);
        if (source == null || destination == null) {
          return Plan.Fail.of(UNREACHABLE.withCommandSpecific(segments.size()));
        }
        Segment segment =
            new Segment(
                source,
                list.getLong(at + 12),
                destination,
                list.getLong(at + 20),
                Short.toUnsignedInt(list.getShort(at + 10)));
        Plan.Fail refused = segment.check(nexus, segments.size());
        if (refused != null) {
          return refused;
        }
        segments.add(segment);
      }
      return null;
    }

    private @Nullable DeviceServer targetOf(int at) {
      int index = Short.toUnsignedInt(list.getShort(at));
      return index < targets.size() ? targets.get(index) : null;
    }
  }

  /** Reads and writes by turns, segment after segment. */
  private static final class Run implements Steps.Source {
    private final List<Segment> segments;
    private final CopyManager.Copy copy;
    private final ByteBuffer buffer = ByteBuffer.allocate(Limits.UPDATE_STEP_BYTES);
    private int segment;
    private long done;
    private boolean writes;

    Run(List<Segment> segments, CopyManager.Copy copy) {
      this.segments = segments;
      this.copy = copy;
    }

    @Override
    public Plan.@Nullable Outcome next(IoCompletion end) {
      while (segment < segments.size()
          && done == segments.get(segment).source().bytes(segments.get(segment).count())) {
        copy.segmentDone();
        segment++;
        done = 0;
      }
      if (segment == segments.size()) {
        return Plan.Respond.GOOD;
      }
      Segment now = segments.get(segment);
      if (writes) {
        write(now, end);
      } else {
        long left = now.source().bytes(now.count()) - done;
        buffer.clear().limit((int) Math.min(buffer.capacity(), left));
        writes = true;
        long at = now.source().bytes(now.sourceLba()) + offset(now, buffer.remaining());
        now.source().device().read(at, buffer, end);
      }
      return null;
    }

    /** Where in its segment the step of this length is: from the end on where it must be. */
    private long offset(Segment now, int length) {
      return now.backwards() ? now.source().bytes(now.count()) - done - length : done;
    }

    private void write(Segment now, IoCompletion end) {
      writes = false;
      int length = buffer.flip().remaining();
      long at = now.destination().bytes(now.destinationLba()) + offset(now, length);
      done += length;
      Durability durability = now.destination().durability(false);
      now.destination()
          .device()
          .write(
              at,
              new ByteBuffer[] {buffer},
              durability,
              (@Nullable BlockIoException failure) -> {
                if (failure == null) {
                  copy.copied(length);
                }
                end.completed(failure);
              });
    }
  }
}
