#include "mail/address.h"

#define LOCAL_MAX  64 /* bytes (RFC 5321 4.5.3.1.1) */
#define DOMAIN_MAX 253
#define LABEL_MAX  63

static bool is_alphanumeric(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* atext (RFC 5322 3.2.3) */
static bool is_atom(uint8_t c)
{
    return is_alphanumeric(c) || (c != 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_label(uint8_t c)
{
    return is_alphanumeric(c) || c == '-';
}

/* Pieces of these characters, none empty and none longer than max, with a dot between two. */
static bool is_dotted(view text, size_t max, bool (*is_in)(uint8_t c))
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '.' && len > 0)
            len = 0;
        else if (is_in(text.data[i]) && len < max)
            len++;
        else
            return false;
    }
    return len > 0;
}

/* No label begins or ends with a hyphen. */
static bool hyphens_are_inside(view text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool first = i == 0 || text.data[i - 1] == '.';
        bool last = i + 1 == text.len || text.data[i + 1] == '.';
        if (text.data[i] == '-' && (first || last))
            return false;
    }
    return true;
}

bool mail_domain_valid(view text)
{
    return text.len <= DOMAIN_MAX && is_dotted(text, LABEL_MAX, is_label) &&
           hyphens_are_inside(text);
}

bool mail_address_valid(view text)
{
    const uint8_t *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;
    if (at == NULL || text.len > MAIL_ADDRESS_MAX)
        return false;
    view local = {text.data, (size_t)(at - text.data)};
    view domain = {at + 1, text.len - local.len - 1};
    return local.len <= LOCAL_MAX && is_dotted(local, LOCAL_MAX, is_atom) &&
           mail_domain_valid(domain);
}
