// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.scsi;

import dev.rootstock.images.block.Usage;
import java.nio.ByteBuffer;

/**
 * LOG SENSE (SPC-4 §6.9): the lists of pages, and Logical Block Provisioning (SBC-3, its log page)
 * where blocks can be given up. Counters change on their own and are never saved (GLTSD).
 */
final class LogSense {
  private static final int SUPPORTED_PAGES = 0x00;
  private static final int LOGICAL_BLOCK_PROVISIONING = 0x0C;
  private static final int NO_SUBPAGE = 0x00;
  private static final int ALL_SUBPAGES = 0xFF;

  private static final int SP_BIT = 0;
  private static final int PAGE_CODE = 0x3F;
  private static final int SPF = 0x40;
  private static final int HEADER_BYTES = 4;

  /** Where PARAMETER POINTER stands; one behind the last parameter is an error (SPC-4 §6.9). */
  private static final int POINTER = 5;

  /** A parameter of the provisioning page: header, RESOURCE COUNT, SCOPE. */
  private static final int PARAMETER_BYTES = 12;

  /** FORMAT AND LINKING 11b: a binary list, which cannot be a counter that saturates. */
  private static final int BINARY_LIST = 0x03;

  /** SCOPE: the resources are those of the client, all of whose disks share them. */
  private static final int SHARED = 0x02;

  private LogSense() {}

  static Plan plan(DeviceServer server, Cdb cdb) {
    if (cdb.bit(1, SP_BIT)) {
      return Plan.Fail.of(Sense.invalidCdbField(1, SP_BIT));
    }
    int page = cdb.u8(2) & PAGE_CODE;
    int subpage = cdb.u8(3);
    boolean provisioned = page == LOGICAL_BLOCK_PROVISIONING && Provisioning.offered(server);
    byte[] content;
    if (page == SUPPORTED_PAGES && (subpage == NO_SUBPAGE || subpage == ALL_SUBPAGES)) {
      content = pages(server, subpage == ALL_SUBPAGES);
    } else if (provisioned && subpage == NO_SUBPAGE) {
      if (cdb.u16(POINTER) > Provisioning.USED) {
        return Plan.Fail.of(Sense.invalidCdbField(POINTER, 7));
      }
      content = provisioning(server, cdb.u16(POINTER));
    } else {
      boolean known = page == SUPPORTED_PAGES || provisioned;
      return Plan.Fail.of(known ? Sense.invalidCdbField(3, 7) : Sense.invalidCdbField(2, 5));
    }
    byte[] data = new byte[HEADER_BYTES + content.length];
    data[0] = (byte) (subpage == NO_SUBPAGE ? page : SPF | page);
    data[1] = (byte) subpage;
    Bytes.putShort(data, 2, content.length);
    System.arraycopy(content, 0, data, HEADER_BYTES, content.length);
    return Plan.Respond.truncated(data, cdb.u16(7));
  }

  private static byte[] pages(DeviceServer server, boolean withSubpages) {
    boolean provisioned = Provisioning.offered(server);
    ByteBuffer list = ByteBuffer.allocate(6);
    list.put((byte) SUPPORTED_PAGES);
    if (withSubpages) {
      list.put((byte) NO_SUBPAGE).put((byte) SUPPORTED_PAGES).put((byte) ALL_SUBPAGES);
    }
    if (provisioned) {
      list.put((byte) LOGICAL_BLOCK_PROVISIONING);
      if (withSubpages) {
        list.put((byte) NO_SUBPAGE);
      }
    }
    byte[] content = new byte[list.flip().remaining()];
    list.get(content);
    return content;
  }

  /** The parameters from PARAMETER POINTER on. What is left is known only under a quota. */
  private static byte[] provisioning(DeviceServer server, int first) {
    Usage usage = server.device().usage();
    ByteBuffer parameters = ByteBuffer.allocate(2 * PARAMETER_BYTES);
    if (first <= Provisioning.AVAILABLE && Provisioning.limited(usage)) {
      putParameter(parameters, Provisioning.AVAILABLE, Provisioning.available(usage));
    }
    if (first <= Provisioning.USED) {
      putParameter(parameters, Provisioning.USED, Provisioning.used(usage));
    }
    byte[] content = new byte[parameters.flip().remaining()];
    parameters.get(content);
    return content;
  }

  private static void putParameter(ByteBuffer into, int code, long count) {
    into.putShort((short) code)
        .put((byte) BINARY_LIST)
        .put((byte) (PARAMETER_BYTES - HEADER_BYTES));
    into.putInt((int) count).putInt(SHARED << 24);
  }
}
