// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.isns;

import dev.rootstock.dhcp.IscsiName;
import dev.rootstock.dhcp.SyntaxException;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Asks an iSNS server for targets, as a boot client does (RFC 4173 §6). For programs that may wait.
 *
 * @param server where it listens
 * @param patience how long to wait for it
 */
public record IsnsClient(InetSocketAddress server, Duration patience) {

  /** Bytes of an answer. */
  private static final int MOST = 16 << 20;

  private static final int TARGET = 1;

  /**
   * A target at one of its addresses.
   *
   * @param group the portal group tag, where it is told
   */
  public record Found(IscsiName target, InetSocketAddress portal, OptionalInt group) {}

  /**
   * Asks for the targets that an initiator may see.
   *
   * @param initiator the name to ask by
   * @param target the one that is sought, or empty for all
   * @throws IOException in one line: nobody answers, or with an error
   */
  public List<Found> targets(String initiator, Optional<IscsiName> target) throws IOException {
    List<IsnsAttribute> attributes = new ArrayList<>();
    attributes.add(IsnsAttribute.of(Tag.NODE_NAME, initiator));
    attributes.add(
        target
            .map(name -> IsnsAttribute.of(Tag.NODE_NAME, name.value()))
            .orElseGet(() -> IsnsAttribute.of(Tag.NODE_TYPE, TARGET)));
    attributes.add(IsnsAttribute.DELIMITER);
    for (Tag wanted :
        List.of(
            Tag.NODE_NAME,
            Tag.NODE_TYPE,
            Tag.PORTAL_ADDRESS,
            Tag.PORTAL_PORT,
            Tag.GROUP_ADDRESS,
            Tag.GROUP_PORT,
            Tag.GROUP_TAG)) {
      attributes.add(IsnsAttribute.empty(wanted));
    }
    IsnsMessage request =
        IsnsMessage.request(
            IsnsFunction.DEVICE_QUERY,
            IsnsMessage.FROM_CLIENT,
            ThreadLocalRandom.current().nextInt(0x10000),
            attributes);
    return read(ask(request));
  }

  private IsnsMessage ask(IsnsMessage request) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(server, (int) patience.toMillis());
      socket.setSoTimeout((int) patience.toMillis());
      socket.getOutputStream().write(request.encode());
      DataInputStream in = new DataInputStream(socket.getInputStream());
      IsnsAssembler assembler = new IsnsAssembler(MOST);
      while (true) {
        byte[] head = new byte[IsnsMessage.HEADER];
        in.readFully(head);
        IsnsAssembler.Header header = IsnsAssembler.Header.read(ByteBuffer.wrap(head));
        byte[] payload = new byte[header.length()];
        in.readFully(payload);
        Optional<IsnsMessage> message = assembler.take(header, payload);
        if (message.isPresent() && message.get().transaction() == request.transaction()) {
          return checked(message.get());
        }
      }
    } catch (IsnsException e) {
      throw new IOException("what it answers is no iSNS: " + e.getMessage(), e);
    }
  }

  private static IsnsMessage checked(IsnsMessage answer) throws IOException {
    int status = answer.status().orElse(0);
    if (status != 0) {
      throw new IOException(
          "it answers status %d%s"
              .formatted(status, IsnsStatus.of(status).map(each -> " (" + each + ")").orElse("")));
    }
    return answer;
  }

  /** Each target is followed by its portals, and these by its portal groups. */
  private static List<Found> read(IsnsMessage answer) throws IOException {
    int delimiter = answer.attributes().indexOf(IsnsAttribute.DELIMITER);
    List<Found> found = new ArrayList<>();
    @Nullable IscsiName target = null;
    @Nullable InetAddress address = null;
    @Nullable InetSocketAddress group = null;
    for (IsnsAttribute each :
        answer.attributes().subList(delimiter + 1, answer.attributes().size())) {
      if (each.isEmpty()) {
        continue;
      }
      if (each.is(Tag.NODE_NAME)) {
        target = name(each.text());
      } else if (each.is(Tag.NODE_TYPE) && (each.number() & TARGET) == 0) {
        target = null; // an initiator, perhaps ourselves
      } else if (each.is(Tag.PORTAL_ADDRESS) || each.is(Tag.GROUP_ADDRESS)) {
        address = each.address();
      } else if (each.is(Tag.PORTAL_PORT) && target != null && address != null) {
        found.add(new Found(target, portal(address, each), OptionalInt.empty()));
      } else if (each.is(Tag.GROUP_PORT) && address != null) {
        group = portal(address, each);
      } else if (each.is(Tag.GROUP_TAG) && target != null && group != null) {
        Found without = new Found(target, group, OptionalInt.empty());
        int at = found.indexOf(without);
        if (at >= 0) {
          found.set(at, new Found(target, group, OptionalInt.of(each.number())));
        }
      }
    }
    return found;
  }

  private static InetSocketAddress portal(InetAddress address, IsnsAttribute port) {
    return new InetSocketAddress(address, port.number() & 0xFFFF);
  }

  private static IscsiName name(String text) throws IOException {
    try {
      return IscsiName.parse(text);
    } catch (SyntaxException e) {
      throw new IOException("it names a target that cannot be: " + e.getMessage(), e);
    }
  }
}
