// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.target.command;

import dev.rootstock.target.pdu.Replica;
import dev.rootstock.target.pdu.Tag;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Data-In PDUs of one task that have not been acknowledged, in the order of DataSN. Behind the
 * first one for which there was no memory none is kept until all are acknowledged: they are only
 * counted, so that what is not kept takes no memory either.
 */
final class SentData {
  private List<Replica> pdus = new ArrayList<>();

  /** How many were sent behind those and are not kept. */
  private int lost;

  /** The DataSN of the first of them. */
  private int first;

  /** What the initiator acknowledges by, once it was asked to. */
  private int acknowledgementTag = Tag.NONE;

  private long lun;
  private int snackTag;

  /** Whether the next one may be kept. */
  boolean keeps() {
    return lost == 0;
  }

  /** Adds one that was sent; null when it is not kept. */
  void add(@Nullable Replica pdu) {
    if (pdu == null) {
      lost++;
    } else if (keeps()) {
      pdus.add(pdu);
    } else {
      throw new IllegalStateException("kept behind one that is not");
    }
  }

  /** The initiator is asked to acknowledge what was sent so far. */
  void asks(int tag, long itsLun) {
    acknowledgementTag = tag;
    lun = itsLun;
  }

  int first() {
    return first;
  }

  /** The DataSN of the next one. */
  int next() {
    return first + pdus.size() + lost;
  }

  boolean acknowledgedBy(int tag, long itsLun) {
    return acknowledgementTag != Tag.NONE && acknowledgementTag == tag && lun == itsLun;
  }

  int snackTag() {
    return snackTag;
  }

  void snackTag(int tag) {
    snackTag = tag;
  }

  /** Whether all from one DataSN to before another one are kept. */
  boolean kept(int from, int to) {
    return from == to || to - first <= pdus.size();
  }

  /** Some of them, all of which are kept. */
  List<Replica> get(int from, int to) {
    return from == to ? new ArrayList<>() : new ArrayList<>(pdus.subList(from - first, to - first));
  }

  /** Takes out all before a DataSN. */
  List<Replica> acknowledge(int next) {
    List<Replica> head = pdus.subList(0, Math.min(next - first, pdus.size()));
    List<Replica> taken = new ArrayList<>(head);
    head.clear();
    lost -= next - first - taken.size();
    first = next;
    return taken;
  }

  /** Keeps none of them any longer: they are only counted. */
  List<Replica> lose() {
    List<Replica> taken = pdus;
    lost += taken.size();
    pdus = new ArrayList<>();
    return taken;
  }

  /** Puts others in the place of all, and numbers them. */
  void replace(List<Replica> others) {
    pdus = new ArrayList<>(others);
    for (int i = 0; i < others.size(); i++) {
      others.get(i).dataSn(first + i);
    }
  }
}
