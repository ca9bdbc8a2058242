// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The persistent reservations of a unit at one moment: what PERSISTENT RESERVE IN tells, and what
 * is kept through power loss if an initiator asked for it (APTPL).
 *
 * @param generation PRGENERATION, which wraps
 * @param registrants in the order in which they registered
 * @param type of the reservation, or null when there is none
 * @param holder the registrant that holds it, or null when there is none or all do
 * @param throughPowerLoss whether the last registration asked for APTPL
 */
record ReservationState(
    int generation,
    List<Registrant> registrants,
    @Nullable ReservationType type,
    @Nullable NexusId holder,
    boolean throughPowerLoss) {

  static final ReservationState EMPTY = new ReservationState(0, List.of(), null, null, false);

  private static final int FORMAT = 2;

  /** As the first servers wrote it, whose targets had this one port. */
  private static final int FORMAT_OF_ONE_PORT = 1;

  private static final int ONLY_PORT = 1;
  private static final int NO_TYPE = 0;
  private static final int NOBODY = -1;

  /**
   * One that has registered.
   *
   * @param allTargetPorts whether it asked to be registered through every target port (ALL_TG_PT)
   */
  record Registrant(NexusId nexus, long key, boolean allTargetPorts) {}

  /** Whether a registrant holds the reservation. */
  boolean holds(Registrant registrant) {
    return type != null && (type.allRegistrants() || registrant.nexus().equals(holder));
  }

  /** The form that outlives the server; {@link #read} takes it back. */
  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try {
      out.writeByte(FORMAT);
      out.writeInt(generation);
      out.writeByte(type == null ? NO_TYPE : type.code());
      int holding = NOBODY;
      for (int i = 0; i < registrants.size(); i++) {
        if (registrants.get(i).nexus().equals(holder)) {
          holding = i;
        }
      }
      out.writeInt(holding);
      out.writeInt(registrants.size());
      for (Registrant registrant : registrants) {
        byte[] id = registrant.nexus().initiator().transportId();
        out.writeInt(id.length);
        out.write(id);
        out.writeShort(registrant.nexus().targetPort());
        out.writeLong(registrant.key());
        out.writeBoolean(registrant.allTargetPorts());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail to be written
    }
    return bytes.toByteArray();
  }

  /** What is left of it after a power-on: PRGENERATION is 0 (SPC-4 §6.15.2), the rest if asked. */
  ReservationState afterPowerOn() {
    return throughPowerLoss ? new ReservationState(0, registrants, type, holder, true) : EMPTY;
  }

  /**
   * Takes back what {@link #toBytes} made, after a power-on.
   *
   * @throws IOException saying what is wrong with it
   */
  static ReservationState read(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    int format = in.readUnsignedByte();
    if (format != FORMAT && format != FORMAT_OF_ONE_PORT) {
      throw new IOException("reservations of format " + format + "; this server knows " + FORMAT);
    }
    var _ = in.readInt(); // the generation before
    int code = in.readUnsignedByte();
    ReservationType type = ReservationType.of(code).orElse(null);
    if (type == null && code != NO_TYPE) {
      throw new IOException("reservation of type " + code);
    }
    int holding = in.readInt();
    int count = in.readInt();
    if (count < 0 || count > Limits.MAX_REGISTRANTS || holding < NOBODY || holding >= count) {
      throw new IOException("registrant " + holding + " of " + count);
    }
    List<Registrant> registrants = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = in.readInt();
      if (length < 0 || length > in.available()) {
        throw new IOException("registrant " + i + " of " + length + " bytes");
      }
      InitiatorPort port =
          InitiatorPort.of(in.readNBytes(length))
              .orElseThrow(() -> new IOException("a registrant without a name"));
      int targetPort = format == FORMAT_OF_ONE_PORT ? ONLY_PORT : in.readUnsignedShort();
      registrants.add(
          new Registrant(new NexusId(port, targetPort), in.readLong(), in.readBoolean()));
    }
    return new ReservationState(
        0,
        List.copyOf(registrants),
        type,
        holding == NOBODY ? null : registrants.get(holding).nexus(),
        true);
  }
}
