#include "mls/capabilities.h"

/* struct {
 *     ProtocolVersion versions<V>;
 *     CipherSuite cipher_suites<V>;
 *     ExtensionType extensions<V>;
 *     ProposalType proposals<V>;
 *     CredentialType credentials<V>;
 * } Capabilities;                                                                            RFC 9420 7.2 */
void capabilities_read(struct rd *r, struct capabilities *out)
{
    out->versions = codec_u16s(r);
    out->cipher_suites = codec_u16s(r);
    out->extensions = codec_u16s(r);
    out->proposals = codec_u16s(r);
    out->credentials = codec_u16s(r);
}

void capabilities_write(struct wr *w, const struct capabilities *capabilities)
{
    wr_opaque(w, capabilities->versions);
    wr_opaque(w, capabilities->cipher_suites);
    wr_opaque(w, capabilities->extensions);
    wr_opaque(w, capabilities->proposals);
    wr_opaque(w, capabilities->credentials);
}

/* struct {
 *     ExtensionType extension_types<V>;
 *     ProposalType proposal_types<V>;
 *     CredentialType credential_types<V>;
 * } RequiredCapabilities;                                                                    RFC 9420 11.1 */
void required_capabilities_read(struct rd *r, struct required_capabilities *out)
{
    out->extension_types = codec_u16s(r);
    out->proposal_types = codec_u16s(r);
    out->credential_types = codec_u16s(r);
}

void required_capabilities_write(struct wr *w, const struct required_capabilities *required)
{
    wr_opaque(w, required->extension_types);
    wr_opaque(w, required->proposal_types);
    wr_opaque(w, required->credential_types);
}
