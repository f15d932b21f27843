/* address.h - a mail address that can stand in an SMTP command and in a header as it is. Of RFC 5321 4.1.2 what everybody has: a
 * dot-atom of ASCII, '@', and a domain of letters, digits and hyphens; no quoted parts, no comments, no address literals. So no
 * address brings a blank, a line's end, an angle bracket or a comma anywhere. */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include "base/base.h"

#define MAIL_ADDRESS_MAX 254 /* bytes (RFC 5321 4.5.3.1.3, less the brackets) */

bool mail_address_valid(view text);

/* A domain as above, or an IPv4 address, which looks alike. */
bool mail_domain_valid(view text);

#endif
