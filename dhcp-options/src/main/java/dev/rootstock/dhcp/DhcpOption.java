// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.dhcp;

import java.net.Inet4Address;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The options that we read or write, each with its code and its type. Options without an entry here
 * are kept as bytes.
 *
 * @param <T> the value in Java
 */
public final class DhcpOption<T> {
  public static final DhcpOption<Inet4Address> SUBNET_MASK =
      new DhcpOption<>(1, "subnet mask", OptionFormat.ADDRESS_OPTION);
  public static final DhcpOption<List<Inet4Address>> ROUTERS =
      new DhcpOption<>(3, "routers", OptionFormat.ADDRESSES);
  public static final DhcpOption<List<Inet4Address>> NAME_SERVERS =
      new DhcpOption<>(6, "name servers", OptionFormat.ADDRESSES);
  public static final DhcpOption<String> HOST_NAME =
      new DhcpOption<>(12, "host name", OptionFormat.TEXT);
  public static final DhcpOption<String> DOMAIN_NAME =
      new DhcpOption<>(15, "domain name", OptionFormat.TEXT);

  /** Text, since it need not be an iSCSI path: {@link RootPath#parse(String)} reads one. */
  public static final DhcpOption<String> ROOT_PATH =
      new DhcpOption<>(17, "root path", OptionFormat.TEXT);

  /** Bytes, 68 and more (RFC 2132 §5.1). */
  public static final DhcpOption<Integer> INTERFACE_MTU =
      new DhcpOption<>(26, "interface MTU", OptionFormat.UINT16);

  public static final DhcpOption<List<Inet4Address>> NTP_SERVERS =
      new DhcpOption<>(42, "NTP servers", OptionFormat.ADDRESSES);

  /** Of a PXE server, among others: RFC 2132 §8.4 has options inside it. */
  public static final DhcpOption<byte[]> VENDOR_OPTIONS =
      new DhcpOption<>(43, "vendor options", OptionFormat.BYTES);

  public static final DhcpOption<Inet4Address> REQUESTED_ADDRESS =
      new DhcpOption<>(50, "requested address", OptionFormat.ADDRESS_OPTION);

  /** Seconds; {@link #INFINITE_LEASE} for ever. */
  public static final DhcpOption<Long> LEASE_SECONDS =
      new DhcpOption<>(51, "lease time", OptionFormat.UINT32);

  public static final DhcpOption<Integer> OVERLOAD =
      new DhcpOption<>(52, "option overload", OptionFormat.UINT8);
  public static final DhcpOption<MessageType> MESSAGE_TYPE =
      new DhcpOption<>(
          53,
          "message type",
          new OptionFormat<>(
              value -> MessageType.ofCode(OptionFormat.UINT8.decoder().decode(value)),
              value -> new byte[] {(byte) value.code()}));
  public static final DhcpOption<Inet4Address> SERVER_ID =
      new DhcpOption<>(54, "server identifier", OptionFormat.ADDRESS_OPTION);

  /** The codes that a client asks for, in its order of preference. */
  public static final DhcpOption<List<Integer>> PARAMETER_REQUEST_LIST =
      new DhcpOption<>(55, "parameter request list", OptionFormat.CODES);

  public static final DhcpOption<String> MESSAGE =
      new DhcpOption<>(56, "message", OptionFormat.TEXT);
  public static final DhcpOption<Integer> MAX_MESSAGE_SIZE =
      new DhcpOption<>(57, "maximum message size", OptionFormat.UINT16);

  /** T1 and T2 of RFC 2131 §4.4.5, in seconds from the lease's beginning. */
  public static final DhcpOption<Long> RENEWAL_SECONDS =
      new DhcpOption<>(58, "renewal time", OptionFormat.UINT32);

  public static final DhcpOption<Long> REBINDING_SECONDS =
      new DhcpOption<>(59, "rebinding time", OptionFormat.UINT32);
  public static final DhcpOption<String> VENDOR_CLASS =
      new DhcpOption<>(60, "vendor class", OptionFormat.TEXT);
  public static final DhcpOption<ClientIdentifier> CLIENT_ID =
      new DhcpOption<>(
          61,
          "client identifier",
          new OptionFormat<>(ClientIdentifier::decode, ClientIdentifier::encode));
  public static final DhcpOption<String> TFTP_SERVER =
      new DhcpOption<>(66, "TFTP server", OptionFormat.TEXT);
  public static final DhcpOption<String> BOOT_FILE =
      new DhcpOption<>(67, "boot file", OptionFormat.TEXT);
  public static final DhcpOption<UserClass> USER_CLASS =
      new DhcpOption<>(77, "user class", new OptionFormat<>(UserClass::decode, UserClass::encode));

  public static final DhcpOption<SlpDirectoryAgents> SLP_DIRECTORY_AGENTS =
      new DhcpOption<>(
          78,
          "SLP directory agents",
          new OptionFormat<>(SlpDirectoryAgents::decode, SlpDirectoryAgents::encode));
  public static final DhcpOption<SlpScopes> SLP_SCOPES =
      new DhcpOption<>(79, "SLP scopes", new OptionFormat<>(SlpScopes::decode, SlpScopes::encode));

  /** RFC 3011: an address of the network that the client asks for. */
  public static final DhcpOption<Inet4Address> SUBNET_SELECTION =
      new DhcpOption<>(118, "subnet selection", OptionFormat.ADDRESS_OPTION);

  /** RFC 3046: whatever a relay agent put in goes back to it as it came. */
  public static final DhcpOption<byte[]> RELAY_AGENT =
      new DhcpOption<>(82, "relay agent information", OptionFormat.BYTES);

  public static final DhcpOption<IsnsServers> ISNS_SERVERS =
      new DhcpOption<>(
          83, "iSNS servers", new OptionFormat<>(IsnsServers::decode, IsnsServers::encode));

  public static final DhcpOption<List<ClientArchitecture>> ARCHITECTURES =
      new DhcpOption<>(
          93,
          "client architecture",
          new OptionFormat<>(ClientArchitecture::decodeAll, ClientArchitecture::encodeAll));
  public static final DhcpOption<NetworkInterfaceId> NETWORK_INTERFACE =
      new DhcpOption<>(
          94,
          "network interface",
          new OptionFormat<>(NetworkInterfaceId::decode, NetworkInterfaceId::encode));

  /** Empty where the identifier is of another type than RFC 4578 §2.3 defines. */
  public static final DhcpOption<Optional<UUID>> MACHINE_ID =
      new DhcpOption<>(
          97,
          "machine identifier",
          new OptionFormat<>(ClientMachineId::decode, ClientMachineId::encode));

  public static final DhcpOption<IpxeOptions> IPXE =
      new DhcpOption<>(
          175, "iPXE options", new OptionFormat<>(IpxeOptions::decode, IpxeOptions::encode));

  /**
   * Ours, of the options that RFC 3942 leaves to sites: where an operating system says that it is
   * ready.
   */
  public static final DhcpOption<String> READY_URL =
      new DhcpOption<>(224, "ready address", OptionFormat.TEXT);

  /** iPXE's and not IANA's: the name that the client's initiator takes. */
  public static final DhcpOption<String> INITIATOR_NAME =
      new DhcpOption<>(203, "initiator name", OptionFormat.TEXT);

  /** RFC 2131 §3.3. */
  public static final long INFINITE_LEASE = 0xFFFF_FFFFL;

  private final int code;
  private final String name;
  private final OptionFormat<T> format;

  private DhcpOption(int code, String name, OptionFormat<T> format) {
    this.code = code;
    this.name = name;
    this.format = format;
  }

  /** 1 to 254. */
  public int code() {
    return code;
  }

  T decode(byte[] value) throws MalformedDhcpException {
    try {
      return format.decoder().decode(value);
    } catch (MalformedDhcpException e) {
      throw new MalformedDhcpException(this + ": " + e.getMessage());
    }
  }

  byte[] encode(T value) {
    return format.encoder().encode(value);
  }

  @Override
  public String toString() {
    return "option " + code + " (" + name + ")";
  }
}
