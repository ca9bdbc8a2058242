// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.scsi.PersistentReservations.Options;
import dev.rootstock.target.scsi.PersistentReservations.Result;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * PERSISTENT RESERVE OUT (SPC-4 §6.15). It parses and checks the parameter list; what follows from
 * it is decided in {@link PersistentReservations}.
 */
final class PersistentReserveOut {
  /** The service actions. */
  enum Action {
    REGISTER(0x00),
    RESERVE(0x01),
    RELEASE(0x02),
    CLEAR(0x03),
    PREEMPT(0x04),
    PREEMPT_AND_ABORT(0x05),
    REGISTER_AND_IGNORE_EXISTING_KEY(0x06),
    REGISTER_AND_MOVE(0x07);

    private final int code;

    Action(int code) {
      this.code = code;
    }

    /** The SERVICE ACTION field. */
    int code() {
      return code;
    }

    private boolean namesType() {
      return this == RESERVE || this == RELEASE || preempts();
    }

    private boolean preempts() {
      return this == PREEMPT || this == PREEMPT_AND_ABORT;
    }
  }

  /** What was to survive power loss would not: INTERNAL TARGET FAILURE. */
  private static final Sense NOT_KEPT = new Sense(Sense.HARDWARE_ERROR, 0x44, 0x00);

  /** The basic parameter list, and that of REGISTER AND MOVE before its TransportID. */
  private static final int LIST_BYTES = 24;

  private static final int KEY = 0;
  private static final int FLAGS = 20;
  private static final int MOVE_FLAGS = 17;
  private static final int MOVE_PORT = 18;
  private static final int LENGTH_OF_IDS = 24;
  private static final int LENGTH_OF_ID = 20;

  private static final int SPEC_I_PT_BIT = 3;
  private static final int ALL_TG_PT_BIT = 2;
  private static final int UNREG_BIT = 1;
  private static final int APTPL_BIT = 0;

  private PersistentReserveOut() {}

  static Plan plan(Nexus nexus, DeviceServer server, Cdb cdb, Action action) {
    Sense wrongType = action.namesType() ? checkType(cdb) : null;
    if (wrongType != null && !action.preempts()) {
      return Plan.Fail.of(wrongType);
    }
    if (server.reservations().reservedTheOldWay()) {
      return Reservations.CONFLICT;
    }
    long length = cdb.u32(5);
    if (length < LIST_BYTES || length > Limits.MAX_RESERVE_LIST_BYTES) {
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
            Request request = new Request(nexus, server, list, action, type(cdb), wrongType);
            Result result = server.reservations().change(request::decide);
            conclude(nexus, server, action, result, done);
          }
        });
  }

  /** Refuses a SCOPE or a TYPE that there is not, else gives null. */
  private static @Nullable Sense checkType(Cdb cdb) {
    if (cdb.u8(2) >>> 4 != 0) {
      return Sense.invalidCdbField(2, 7); // only the whole unit can be reserved
    }
    return type(cdb) == null ? Sense.invalidCdbField(2, 3) : null;
  }

  private static @Nullable ReservationType type(Cdb cdb) {
    return ReservationType.of(cdb.u8(2) & 0xF).orElse(null);
  }

  /** Tells whom it concerns, aborts if that was asked for, and waits for what is to be kept. */
  private static void conclude(
      Nexus nexus, DeviceServer server, Action action, Result result, Plan.Completion done) {
    Plan.Fail refused = result.refused();
    if (refused != null) {
      done.ended(refused);
      return;
    }
    int lun = server.unit().lun();
    nexus.target().tell(lun, result.notices());
    Runnable answer =
        () ->
            server
                .state()
                .kept()
                .whenComplete(
                    (_, failure) ->
                        done.ended(failure == null ? Plan.Respond.GOOD : Plan.Fail.of(NOT_KEPT)));
    if (action == Action.PREEMPT_AND_ABORT) {
      nexus.target().abort(lun, result.preempted(), answer);
    } else {
      answer.run();
    }
  }

  private static boolean bit(byte[] list, int index, int bit) {
    return (list[index] >>> bit & 1) != 0;
  }

  /** One parameter list. */
  private static final class Request {
    private final Nexus nexus;
    private final DeviceServer server;
    private final byte[] list;
    private final Action action;
    private final @Nullable ReservationType type;
    private final @Nullable Sense wrongType;

    Request(
        Nexus nexus,
        DeviceServer server,
        byte[] list,
        Action action,
        @Nullable ReservationType type,
        @Nullable Sense wrongType) {
      this.nexus = nexus;
      this.server = server;
      this.list = list;
      this.action = action;
      this.type = type;
      this.wrongType = wrongType;
    }

    Result decide(PersistentReservations reservations) {
      NexusId own = nexus.id();
      long key = u64(KEY);
      long other = u64(PersistentReservations.SERVICE_ACTION_KEY);
      if (action == Action.REGISTER_AND_MOVE) {
        return move(reservations, own, key, other);
      }
      boolean specified = bit(list, FLAGS, SPEC_I_PT_BIT);
      if (!specified && list.length != LIST_BYTES) {
        return Result.refused(Sense.PARAMETER_LIST_LENGTH);
      }
      if (specified && action != Action.REGISTER) {
        return Result.refused(Sense.invalidParameter(FLAGS));
      }
      return switch (action) {
        case REGISTER -> register(reservations, own, key, other, specified);
        case REGISTER_AND_IGNORE_EXISTING_KEY -> register(reservations, own, null, other, false);
        case RESERVE -> reservations.reserve(own, key, Objects.requireNonNull(type));
        case RELEASE -> reservations.release(own, key, Objects.requireNonNull(type));
        case CLEAR -> reservations.clear(own, key);
        case PREEMPT, PREEMPT_AND_ABORT ->
            // SCOPE and TYPE count where there is a reservation to take over (SPC-4 §5.13.11.4.4).
            wrongType != null && reservations.takesOver(other)
                ? Result.refused(wrongType)
                : reservations.preempt(own, key, other, type);
        case REGISTER_AND_MOVE -> throw new IllegalStateException("decided above");
      };
    }

    private Result register(
        PersistentReservations reservations,
        NexusId own,
        @Nullable Long key,
        long newKey,
        boolean specified) {
      boolean durable = bit(list, FLAGS, APTPL_BIT);
      if (durable && !server.remembers()) {
        return Result.refused(Sense.invalidParameter(FLAGS));
      }
      List<InitiatorPort> others = List.of();
      long registered = reservations.keyOf(own);
      boolean doesNothing = registered == 0 && newKey == 0;
      // A wrong key comes before the names, and who has nothing to register need not look at them
      // (SPC-4 §5.13.7).
      if (specified && key != null && key == registered && !doesNothing) {
        Optional<List<InitiatorPort>> named = registered == 0 ? namedPorts() : Optional.empty();
        if (named.isEmpty()) {
          return Result.refused(Sense.invalidParameter(FLAGS));
        }
        others = named.get();
      }
      boolean throughAll = bit(list, FLAGS, ALL_TG_PT_BIT);
      return reservations.register(
          nexuses(own.initiator(), throughAll).toList(),
          key,
          newKey,
          others.stream().flatMap(each -> nexuses(each, throughAll)).toList(),
          new Options(throughAll, durable));
    }

    /**
     * Those of an initiator port: through our target port, and then through the others if asked.
     */
    private Stream<NexusId> nexuses(InitiatorPort initiator, boolean throughAll) {
      int ours = nexus.id().targetPort();
      Stream<Integer> further =
          throughAll
              ? server.ports().ports().stream().filter(port -> port != ours)
              : Stream.empty();
      return Stream.concat(Stream.of(ours), further).map(port -> new NexusId(initiator, port));
    }

    /** The ports behind the basic list, or empty when they are malformed. */
    private Optional<List<InitiatorPort>> namedPorts() {
      int begin = LENGTH_OF_IDS + Integer.BYTES;
      if (list.length < begin || u32(LENGTH_OF_IDS) != list.length - begin) {
        return Optional.empty();
      }
      List<InitiatorPort> ports = new ArrayList<>();
      int at = begin;
      while (at < list.length) {
        int bytes = InitiatorPort.transportIdBytes(list, at);
        if (bytes < 0 || bytes > list.length - at) {
          return Optional.empty();
        }
        Optional<InitiatorPort> port = InitiatorPort.of(Arrays.copyOfRange(list, at, at + bytes));
        if (port.isEmpty()) {
          return Optional.empty();
        }
        ports.add(port.get());
        at += bytes;
      }
      return Optional.of(ports);
    }

    private Result move(PersistentReservations reservations, NexusId own, long key, long newKey) {
      if (u32(LENGTH_OF_ID) != list.length - LIST_BYTES) {
        return Result.refused(Sense.PARAMETER_LIST_LENGTH);
      }
      boolean durable = bit(list, MOVE_FLAGS, APTPL_BIT);
      if (durable && !server.remembers()) {
        return Result.refused(Sense.invalidParameter(MOVE_FLAGS));
      }
      if (newKey == 0) {
        return Result.refused(Sense.invalidParameter(PersistentReservations.SERVICE_ACTION_KEY));
      }
      int targetPort = Short.toUnsignedInt(ByteBuffer.wrap(list).getShort(MOVE_PORT));
      if (!server.ports().has(targetPort)) {
        return Result.refused(Sense.invalidParameter(MOVE_PORT));
      }
      Optional<NexusId> to =
          InitiatorPort.of(Arrays.copyOfRange(list, LIST_BYTES, list.length))
              .map(initiator -> new NexusId(initiator, targetPort));
      if (to.isEmpty() || to.get().equals(own)) {
        return Result.refused(Sense.invalidParameter(LIST_BYTES));
      }
      return reservations.move(
          own,
          key,
          newKey,
          to.get(),
          bit(list, MOVE_FLAGS, UNREG_BIT),
          new Options(false, durable));
    }

    private long u64(int at) {
      return ByteBuffer.wrap(list).getLong(at);
    }

    private long u32(int at) {
      return Integer.toUnsignedLong(ByteBuffer.wrap(list).getInt(at));
    }
  }
}
