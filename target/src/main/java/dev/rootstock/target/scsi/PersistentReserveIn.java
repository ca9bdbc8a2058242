// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.target.scsi.ReservationState.Registrant;
import java.io.ByteArrayOutputStream;

/** PERSISTENT RESERVE IN (SPC-4 §6.14): its four service actions. */
final class PersistentReserveIn {
  private static final int HEADER_BYTES = 8;
  private static final int RESERVATION_BYTES = 16;
  private static final int STATUS_BYTES = 24;
  private static final int CAPABILITIES_BYTES = 8;

  // REPORT CAPABILITIES: SIP_C, ATP_C and PTPL_C in byte 2; TMV in byte 3, with PTPL_A.
  private static final int SIP_C = 0x08;
  private static final int ATP_C = 0x04;
  private static final int PTPL_C = 0x01;
  private static final int TMV = 0x80;
  private static final int PTPL_A = 0x01;

  /** PERSISTENT RESERVATION TYPE MASK: all six. */
  private static final int ALL_TYPES = 0xEA01;

  private static final int ALL_TG_PT = 0x02;
  private static final int R_HOLDER = 0x01;

  private PersistentReserveIn() {}

  static Plan readKeys(DeviceServer server, Cdb cdb) {
    if (server.reservations().reservedTheOldWay()) {
      return Reservations.CONFLICT;
    }
    ReservationState state = server.reservations().state();
    byte[] data = new byte[HEADER_BYTES + Long.BYTES * state.registrants().size()];
    putHeader(data, state);
    int at = HEADER_BYTES;
    for (Registrant registrant : state.registrants()) {
      Bytes.putLong(data, at, registrant.key());
      at += Long.BYTES;
    }
    return respond(data, cdb);
  }

  static Plan readReservation(DeviceServer server, Cdb cdb) {
    if (server.reservations().reservedTheOldWay()) {
      return Reservations.CONFLICT;
    }
    ReservationState state = server.reservations().state();
    ReservationType type = state.type();
    byte[] data = new byte[HEADER_BYTES + (type == null ? 0 : RESERVATION_BYTES)];
    putHeader(data, state);
    if (type != null) {
      // No key where all registrants hold it (SPC-4 §6.14.3.2).
      for (Registrant registrant : state.registrants()) {
        if (registrant.nexus().equals(state.holder())) {
          Bytes.putLong(data, HEADER_BYTES, registrant.key());
        }
      }
      data[HEADER_BYTES + 13] = (byte) type.code(); // SCOPE 0 is the logical unit
    }
    return respond(data, cdb);
  }

  static Plan reportCapabilities(DeviceServer server, Cdb cdb) {
    if (server.reservations().reservedTheOldWay()) {
      return Reservations.CONFLICT;
    }
    byte[] data = new byte[CAPABILITIES_BYTES];
    Bytes.putShort(data, 0, CAPABILITIES_BYTES);
    boolean durable = server.remembers();
    data[2] = (byte) (SIP_C | ATP_C | (durable ? PTPL_C : 0));
    data[3] = (byte) (TMV | (server.reservations().state().throughPowerLoss() ? PTPL_A : 0));
    Bytes.putShort(data, 4, ALL_TYPES);
    return respond(data, cdb);
  }

  static Plan readFullStatus(DeviceServer server, Cdb cdb) {
    if (server.reservations().reservedTheOldWay()) {
      return Reservations.CONFLICT;
    }
    ReservationState state = server.reservations().state();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(new byte[HEADER_BYTES]);
    for (Registrant registrant : state.registrants()) {
      byte[] id = registrant.nexus().initiator().transportId();
      byte[] status = new byte[STATUS_BYTES];
      Bytes.putLong(status, 0, registrant.key());
      // Nexuses through several ports are told apart, each by a descriptor of its own.
      boolean throughAll = registrant.allTargetPorts() && !server.ports().several();
      status[12] = (byte) (throughAll ? ALL_TG_PT : 0);
      if (state.type() != null && state.holds(registrant)) {
        status[12] |= R_HOLDER;
        status[13] = (byte) state.type().code();
      }
      Bytes.putShort(status, 18, registrant.nexus().targetPort());
      Bytes.putInt(status, 20, id.length);
      all.writeBytes(status);
      all.writeBytes(id);
    }
    byte[] data = all.toByteArray();
    putHeader(data, state);
    return respond(data, cdb);
  }

  private static void putHeader(byte[] data, ReservationState state) {
    Bytes.putInt(data, 0, state.generation());
    Bytes.putInt(data, 4, data.length - HEADER_BYTES);
  }

  private static Plan respond(byte[] data, Cdb cdb) {
    return Plan.Respond.truncated(data, cdb.u16(7));
  }
}
