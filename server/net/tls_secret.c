#include "net/tls_secret.h"

#include "base/ct.h"
#include "crypto/hkdf.h"

#define LABEL_MAX   249
#define CONTEXT_MAX 255

/* struct { uint16 length; opaque label<7..255> = "tls13 " + Label; opaque context<0..255>; } HkdfLabel; */
sotto_err tls_secret_expand(sotto_crypto *c, const struct tls_secret *secret, const char *label,
                            view context, uint8_t *ret_out, size_t len)
{
    static const char prefix[6] = "tls13 ";
    const view name = view_str(label);
    if (name.len > LABEL_MAX || context.len > CONTEXT_MAX || len > UINT16_MAX)
        return SOTTO_E_TOO_LARGE;
    const uint8_t head[3] = {(uint8_t)(len >> 8), (uint8_t)len,
                             (uint8_t)(sizeof prefix + name.len)};
    const uint8_t context_len = (uint8_t)context.len;
    const view info[] = {VIEW_OF(head), VIEW_OF(prefix), name, view_of(&context_len, 1), context};
    DEFER(secret_clear) struct secret prk = {0};
    TRY(secret_set(&prk, VIEW_OF(secret->bytes)));
    return hkdf_expand_parts(c, KDF_SHA256, &prk, info, COUNT_OF(info), ret_out, len);
}

static void tls_secret_clear(struct tls_secret *secret)
{
    ct_wipe(secret, sizeof *secret);
}

/* HKDF-Expand-Label(Derive-Secret(exporter, label, ""), "exporter", Hash(""), len). */
sotto_err tls_secret_export(sotto_crypto *c, const struct tls_secret *exporter, const char *label,
                            uint8_t *ret_out, size_t len)
{
    uint8_t of_nothing[TLS_SECRET];
    DEFER(tls_secret_clear) struct tls_secret derived = {{0}};
    TRY(hash(c, HASH_SHA256, (view){0}, of_nothing));
    TRY(tls_secret_expand(c, exporter, label, VIEW_OF(of_nothing), derived.bytes, TLS_SECRET));
    return tls_secret_expand(c, &derived, "exporter", VIEW_OF(of_nothing), ret_out, len);
}
