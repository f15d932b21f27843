/* registry.h - the numbers of RFC 9420 17, and those that draft-ietf-mls-extensions suggests. Cipher suites stand in
 * crypto/suite.h. GREASE (13.5) gets no name here: such values are unknown like any other unknown value. */
#ifndef MLS_REGISTRY_H
#define MLS_REGISTRY_H

enum protocol_version { PROTOCOL_MLS10 = 1 }; /* RFC 9420 6 */

enum wire_format { /* RFC 9420 17.2 */
                   WIRE_PUBLIC_MESSAGE = 1,
                   WIRE_PRIVATE_MESSAGE = 2,
                   WIRE_WELCOME = 3,
                   WIRE_GROUP_INFO = 4,
                   WIRE_KEY_PACKAGE = 5
};

enum extension_type { /* RFC 9420 17.3 */
                      EXTENSION_APPLICATION_ID = 0x0001,
                      EXTENSION_RATCHET_TREE = 0x0002,
                      EXTENSION_REQUIRED_CAPABILITIES = 0x0003,
                      EXTENSION_EXTERNAL_PUB = 0x0004,
                      EXTENSION_EXTERNAL_SENDERS = 0x0005,
                      /* draft-ietf-mls-extensions */
                      EXTENSION_APP_DATA_DICTIONARY = 0x0006,
                      EXTENSION_SUPPORTED_WIRE_FORMATS = 0x0007,
                      EXTENSION_REQUIRED_WIRE_FORMATS = 0x0008
};

enum proposal_type { /* RFC 9420 17.4 */
                     PROPOSAL_ADD = 0x0001,
                     PROPOSAL_UPDATE = 0x0002,
                     PROPOSAL_REMOVE = 0x0003,
                     PROPOSAL_PSK = 0x0004,
                     PROPOSAL_REINIT = 0x0005,
                     PROPOSAL_EXTERNAL_INIT = 0x0006,
                     PROPOSAL_GROUP_CONTEXT_EXTENSIONS = 0x0007,
                     /* draft-ietf-mls-extensions */
                     PROPOSAL_APP_DATA_UPDATE = 0x0008,
                     PROPOSAL_APP_EPHEMERAL = 0x0009,
                     PROPOSAL_SELF_REMOVE = 0x000a
};

enum credential_type { CREDENTIAL_BASIC = 1, CREDENTIAL_X509 = 2 }; /* RFC 9420 17.5 */

enum component_id { /* draft-ietf-mls-extensions; 0x8000 and above are private */
                    COMPONENT_APP_COMPONENTS = 1,
                    COMPONENT_SAFE_AAD = 2,
                    COMPONENT_CONTENT_MEDIA_TYPES = 3,
                    COMPONENT_LAST_RESORT_KEY_PACKAGE = 4,
                    COMPONENT_APP_ACK = 5
};

#endif
