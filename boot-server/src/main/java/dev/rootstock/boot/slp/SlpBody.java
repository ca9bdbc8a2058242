// SPDX-License-Identifier: Apache-2.0
package dev.rootstock.boot.slp;

/** What follows the header of a message: one record a message (RFC 2608 §8, §10). */
sealed interface SlpBody
    permits ServiceRequest,
        ServiceReply,
        ServiceRegistration,
        ServiceDeregistration,
        ServiceAcknowledgment,
        AttributeRequest,
        AttributeReply,
        DirectoryAdvert,
        ServiceTypeRequest,
        ServiceTypeReply,
        AgentAdvert {

  /** Which message it is. */
  SlpFunction function();

  /** Writes it behind its header. */
  void write(SlpWriter out);

  /** Reads the body of a message of that function. */
  static SlpBody read(SlpFunction function, SlpReader in) throws SlpException {
    return switch (function) {
      case SERVICE_REQUEST -> ServiceRequest.read(in);
      case SERVICE_REPLY -> ServiceReply.read(in);
      case SERVICE_REGISTRATION -> ServiceRegistration.read(in);
      case SERVICE_DEREGISTER -> ServiceDeregistration.read(in);
      case SERVICE_ACKNOWLEDGE -> new ServiceAcknowledgment(in.uint16("error code"));
      case ATTRIBUTE_REQUEST -> AttributeRequest.read(in);
      case ATTRIBUTE_REPLY -> AttributeReply.read(in);
      case DIRECTORY_ADVERT -> DirectoryAdvert.read(in);
      case SERVICE_TYPE_REQUEST -> ServiceTypeRequest.read(in);
      case SERVICE_TYPE_REPLY -> ServiceTypeReply.read(in);
      case AGENT_ADVERT -> AgentAdvert.read(in);
    };
  }
}
