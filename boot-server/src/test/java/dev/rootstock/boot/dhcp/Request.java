// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.dhcp;

import dev.rootstock.dhcp.ClientArchitecture;
import dev.rootstock.dhcp.DhcpOption;
import dev.rootstock.dhcp.DhcpOptions;
import dev.rootstock.dhcp.DhcpPacket;
import dev.rootstock.dhcp.HardwareAddress;
import dev.rootstock.dhcp.IpxeOptions;
import dev.rootstock.dhcp.MessageType;
import java.net.Inet4Address;
import java.util.List;

/** Makes the packets that clients send. */
final class Request {
  private final String mac;
  private final DhcpOptions.Builder options = DhcpOptions.builder();
  private int xid = 0x1234;
  private int flags;
  private Inet4Address ciaddr = DhcpPacket.NO_ADDRESS;
  private Inet4Address giaddr = DhcpPacket.NO_ADDRESS;
  private boolean reply;

  private Request(String mac) {
    this.mac = mac;
  }

  static Request of(MessageType type, String mac) {
    Request request = new Request(mac);
    request.options.put(DhcpOption.MESSAGE_TYPE, type);
    return request;
  }

  Request xid(int value) {
    xid = value;
    return this;
  }

  Request flags(int value) {
    flags = value;
    return this;
  }

  Request ciaddr(String address) {
    ciaddr = Inet4Address.ofLiteral(address);
    return this;
  }

  Request giaddr(String address) {
    giaddr = Inet4Address.ofLiteral(address);
    return this;
  }

  Request reply() {
    reply = true;
    return this;
  }

  Request server(String address) {
    options.put(DhcpOption.SERVER_ID, Inet4Address.ofLiteral(address));
    return this;
  }

  Request requested(String address) {
    options.put(DhcpOption.REQUESTED_ADDRESS, Inet4Address.ofLiteral(address));
    return this;
  }

  <T> Request with(DhcpOption<T> option, T value) {
    options.put(option, value);
    return this;
  }

  Request ipxe() {
    return with(DhcpOption.VENDOR_CLASS, "PXEClient:Arch:00000:UNDI:002001")
        .with(
            DhcpOption.IPXE,
            IpxeOptions.switchedOn(IpxeOptions.FEATURE_ISCSI, IpxeOptions.FEATURE_HTTP));
  }

  Request pxe() {
    return with(DhcpOption.VENDOR_CLASS, "PXEClient:Arch:00007:UNDI:003000")
        .with(DhcpOption.ARCHITECTURES, List.of(ClientArchitecture.UEFI_X64));
  }

  Request linux() {
    return with(DhcpOption.VENDOR_CLASS, "Linux ipconfig").flags(DhcpPacket.BROADCAST_FLAG);
  }

  DhcpPacket packet() {
    Inet4Address none = DhcpPacket.NO_ADDRESS;
    return new DhcpPacket(
        reply,
        HardwareAddress.ethernet(mac),
        0,
        xid,
        0,
        flags,
        ciaddr,
        none,
        none,
        giaddr,
        "",
        "",
        options.build());
  }
}
