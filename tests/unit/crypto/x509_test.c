#include "x509_family.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/der.h"
#include "crypto/hash.h"

static bool same_fields(const struct x509 *a, const struct x509 *b)
{
    return a->kind == b->kind && memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0 &&
           a->not_before_s == b->not_before_s && a->not_after_s == b->not_after_s &&
           a->issuer == b->issuer &&
           memcmp(a->account_id, b->account_id, sizeof a->account_id) == 0 &&
           memcmp(a->device_id, b->device_id, sizeof a->device_id) == 0 &&
           view_equal(a->name, b->name) && view_equal(a->host, b->host);
}

static void each_kind_reads_back_what_was_issued_and_as_no_other_kind(void **state)
{
    struct family *f = *state;
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++) {
        struct x509 cert;
        assert_ok(x509_read(f->c, kind, family_der(f, kind), &cert));
        assert_true(same_fields(&cert, &f->fields[kind]));
        assert_true(f->der[kind].len <= X509_MAX);
        for (enum x509_kind other = 0; other < X509_KINDS; other++)
            if (other != kind)
                assert_err(x509_read(f->c, other, family_der(f, kind), &cert), CERTIFICATE);
    }
}

static void verifying_takes_the_issuers_key_and_no_other(void **state)
{
    static const enum x509_kind issuer[] = {X509_ROOT, X509_ROOT, X509_ROOT, X509_ROOT,
                                            X509_ACCOUNT};
    struct family *f = *state;
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++) {
        struct x509 cert;
        assert_ok(x509_read(f->c, kind, family_der(f, kind), &cert));
        for (enum x509_kind by = 0; by < X509_KINDS; by++)
            assert_int_equal(x509_verify(f->c, &cert, family_public(f, by)),
                             by == issuer[kind] ? SOTTO_OK : SOTTO_E_CERTIFICATE);
    }
}

/* ---- every change is refused ---- */

static void assert_device_refused(struct family *f, view der)
{
    struct x509 device = {.kind = X509_KINDS};
    assert_err(x509_verify_device(f->c, der, family_public(f, X509_ACCOUNT), &device), CERTIFICATE);
    assert_int_equal(device.kind, X509_KINDS);
}

static void every_bit_of_a_device_certificate_counts(void **state)
{
    struct family *f = *state;
    sotto_buf copy = {0};
    struct x509 device;
    assert_ok(buf_append(&copy, family_der(f, X509_DEVICE)));
    assert_ok(x509_verify_device(f->c, buf_view(&copy), family_public(f, X509_ACCOUNT), &device));
    for (size_t bit = 0; bit < 8 * copy.len; bit++) {
        copy.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_device_refused(f, buf_view(&copy));
        copy.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&copy);
}

static void every_byte_of_every_kind_counts(void **state)
{
    struct family *f = *state;
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++) {
        const uint8_t *issuer = family_public(f, kind == X509_DEVICE ? X509_ACCOUNT : X509_ROOT);
        sotto_buf copy = {0};
        assert_ok(buf_append(&copy, family_der(f, kind)));
        for (size_t at = 0; at < copy.len; at++) {
            struct x509 cert;
            copy.data[at] ^= 0x01;
            sotto_err err = x509_read(f->c, kind, buf_view(&copy), &cert);
            if (err == SOTTO_OK) /* the signature is no part of the template */
                err = x509_verify(f->c, &cert, issuer);
            assert_int_equal(err, SOTTO_E_CERTIFICATE);
            copy.data[at] ^= 0x01;
        }
        buf_clear(&copy);
    }
}

static void every_truncation_and_a_spare_byte_are_refused(void **state)
{
    struct family *f = *state;
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++) {
        sotto_buf copy = {0};
        struct x509 cert;
        assert_ok(buf_append(&copy, family_der(f, kind)));
        for (size_t len = 0; len < copy.len; len++) {
            sotto_buf cut = {
                0}; /* of its own size, so that the sanitizer sees a read past the end */
            assert_ok(buf_append(&cut, view_of(copy.data, len)));
            assert_err(x509_read(f->c, kind, buf_view(&cut), &cert), CERTIFICATE);
            buf_clear(&cut);
        }
        assert_ok(buf_append(&copy, VIEW_LIT("\0")));
        assert_err(x509_read(f->c, kind, buf_view(&copy), &cert), CERTIFICATE);
        buf_clear(&copy);
    }
}

/* A certificate around this tbs, validly signed by the account key; the serial number made to fit if `fit`. */
static sotto_buf resigned(struct family *f, sotto_buf *tbs, bool fit)
{
    sotto_buf out = {0}, signature = {0};
    uint8_t digest[HASH_MAX];
    size_t body = 4 + 5 + 18; /* headers, version, serial number */
    if (fit) {
        assert_ok(hash(f->c, HASH_SHA256, view_of(tbs->data + body, tbs->len - body), digest));
        digest[0] = (uint8_t)(0x40 | (digest[0] & 0x3f));
        memcpy(tbs->data + body - 16, digest, 16);
    }
    assert_ok(sign(f->c, f->key[X509_ACCOUNT], buf_view(tbs), &signature));
    struct wr w = wr_to(&out);
    size_t whole = der_begin(&w, DER_SEQUENCE);
    wr_bytes(&w, buf_view(tbs));
    wr_bytes(&w, VIEW_LIT("\x30\x05\x06\x03\x2b\x65\x70\x03\x41\x00"));
    wr_bytes(&w, buf_view(&signature));
    der_end(&w, whole);
    assert_ok(wr_end(&w));
    buf_clear(&signature);
    return out;
}

/* Even the account key can sign no other form: a certificate has one encoding. */
static void a_changed_template_is_refused_though_validly_signed(void **state)
{
    struct family *f = *state;
    struct x509 device, other;
    sotto_buf tbs = {0};
    size_t key_bytes = 0, id_digits = 0;
    assert_ok(x509_read(f->c, X509_DEVICE, family_der(f, X509_DEVICE), &device));
    assert_ok(buf_append(&tbs, device.tbs));
    sotto_buf same = resigned(f, &tbs, true);
    assert_ok(x509_verify_device(f->c, buf_view(&same), family_public(f, X509_ACCOUNT), &other));
    assert_true(view_equal(other.tbs, device.tbs));
    buf_clear(&same);
    for (size_t at = 0; at < tbs.len; at++) {
        tbs.data[at] ^= 0x01;
        sotto_buf plain = resigned(f, &tbs, false);
        assert_device_refused(f, buf_view(&plain));
        sotto_buf fitted = resigned(f, &tbs, at >= 27);
        if (x509_verify_device(f->c, buf_view(&fitted), family_public(f, X509_ACCOUNT), &other) ==
            SOTTO_OK) {
            key_bytes += memcmp(other.public_key, device.public_key, sizeof device.public_key) != 0;
            id_digits += memcmp(other.device_id, device.device_id, sizeof device.device_id) != 0;
        }
        buf_clear(&plain);
        buf_clear(&fitted);
        tbs.data[at] ^= 0x01;
        if (at >= 27) { /* put the serial number back */
            sotto_buf again = resigned(f, &tbs, true);
            buf_clear(&again);
        }
    }
    assert_int_equal(
        id_digits, 2 * X509_DEVICE_ID); /* "de" becomes "ed" digit by digit: all are digits again */
    assert_in_range(key_bytes, 1, 32);  /* those changes that still give a valid key */
    buf_clear(&tbs);
}

/* ---- OpenSSL's own parser as the judge ---- */

static X509 *parse(view der)
{
    const uint8_t *at = der.data;
    X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    assert_non_null(cert);
    assert_ptr_equal(at, der.data + der.len);
    return cert;
}

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;
    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    return timegm(&tm);
}

static void assert_uris(X509 *cert, const char *first, const char *second)
{
    const char *want[] = {first, second};
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int count = first == NULL ? 0 : second == NULL ? 1 : 2;
    assert_int_equal(names != NULL ? sk_GENERAL_NAME_num(names) : 0, count);
    for (int i = 0; i < count; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        assert_int_equal(name->type, GEN_URI);
        const void *uri = ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
        assert_string_equal((const char *)uri, want[i]);
    }
    GENERAL_NAMES_free(names);
}

#define ACCOUNT_HEX "acacacacacacacacacacacacacacacacacacacacacacacacacacacacacacacac"
#define DEVICE_HEX  "dededededededededededededededede"

static void openssl_reads_the_same_fields(void **state)
{
    static const struct {
        uint32_t usage;
        long path_len;
        bool authority, purpose;
        const char *uri, *second_uri;
    } want[X509_KINDS] = {
        [X509_ROOT] = {KU_KEY_CERT_SIGN, 2, true, false, NULL, NULL},
        [X509_INTERMEDIATE] = {KU_KEY_CERT_SIGN, 1, true, false, NULL, NULL},
        [X509_SERVER] = {KU_DIGITAL_SIGNATURE, -1, false, false, "sotto://chat.example.org", NULL},
        [X509_ACCOUNT] = {KU_KEY_CERT_SIGN | KU_DIGITAL_SIGNATURE, 0, true, true,
                          "sotto:" ACCOUNT_HEX, "im:alice@chat.example.org"},
        [X509_DEVICE] = {KU_DIGITAL_SIGNATURE, -1, false, true, "sotto:" ACCOUNT_HEX "/" DEVICE_HEX,
                         NULL},
    };
    struct family *f = *state;
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++) {
        X509 *cert = parse(family_der(f, kind));
        uint8_t raw[32], *der = NULL;
        size_t raw_len = sizeof raw;
        const struct x509 *fields = &f->fields[kind];
        bool timeless = kind == X509_DEVICE;
        assert_int_equal(i2d_X509(cert, &der), (int)f->der[kind].len);
        assert_memory_equal(der, f->der[kind].data, f->der[kind].len);
        assert_int_equal(X509_get_version(cert), X509_VERSION_3);
        assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(cert)), 16);
        assert_int_equal(X509_get_signature_nid(cert), NID_ED25519);
        assert_int_equal(seconds(X509_get0_notBefore(cert)), timeless ? 0 : fields->not_before_s);
        assert_int_equal(seconds(X509_get0_notAfter(cert)),
                         timeless ? X509_FOREVER_S : fields->not_after_s);
        assert_int_equal(EVP_PKEY_get_raw_public_key(X509_get0_pubkey(cert), raw, &raw_len), 1);
        assert_memory_equal(raw, fields->public_key, sizeof raw);
        assert_int_equal(X509_get_key_usage(cert), want[kind].usage);
        assert_int_equal(X509_get_pathlen(cert), want[kind].path_len);
        assert_int_equal(X509_check_ca(cert), want[kind].authority);
        assert_int_equal(X509_get0_subject_key_id(cert) != NULL, want[kind].authority);
        assert_int_equal(X509_get0_authority_key_id(cert) != NULL, kind != X509_ROOT);
        assert_uris(cert, want[kind].uri, want[kind].second_uri);

        EXTENDED_KEY_USAGE *purposes = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
        assert_int_equal(purposes != NULL, want[kind].purpose);
        if (purposes != NULL) {
            char text[32];
            assert_int_equal(sk_ASN1_OBJECT_num(purposes), 1);
            OBJ_obj2txt(text, sizeof text, sk_ASN1_OBJECT_value(purposes, 0), 1);
            assert_string_equal(text, "1.3.6.1.5.5.7.3.40");
        }
        EXTENDED_KEY_USAGE_free(purposes);
        OPENSSL_free(der);
        X509_free(cert);
    }
}

static void openssl_verifies_the_signatures_and_the_links_between_names(void **state)
{
    struct family *f = *state;
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++) {
        X509 *cert = parse(family_der(f, kind));
        X509 *issuer = parse(family_der(f, kind == X509_DEVICE ? X509_ACCOUNT : X509_ROOT));
        assert_int_equal(X509_verify(cert, X509_get0_pubkey(issuer)), 1);
        assert_int_equal(X509_check_issued(issuer, cert), X509_V_OK);
        X509_free(cert);
        X509_free(issuer);
    }
}

/* The serial number follows from the rest, so that equal fields give equal bytes and different ones another number. */
static void equal_fields_give_equal_numbers(void **state)
{
    struct family *f = *state;
    sotto_buf again = {0}, later = {0};
    struct x509 fields = f->fields[X509_SERVER], first, second, third;
    assert_ok(x509_issue(f->c, &fields, f->key[X509_ROOT], &again));
    fields.not_after_s++;
    assert_ok(x509_issue(f->c, &fields, f->key[X509_ROOT], &later));
    assert_ok(x509_read(f->c, X509_SERVER, family_der(f, X509_SERVER), &first));
    assert_ok(x509_read(f->c, X509_SERVER, buf_view(&again), &second));
    assert_ok(x509_read(f->c, X509_SERVER, buf_view(&later), &third));
    assert_true(view_equal(first.tbs, second.tbs));
    assert_memory_not_equal(first.tbs.data + 11, third.tbs.data + 11, 16); /* the serial number */
    buf_clear(&again);
    buf_clear(&later);
}

/* ---- the openssl program as the judge ---- */

static void pem_write(const char *folder, const char *name, const struct family *f,
                      enum x509_kind kind)
{
    char path[256];
    X509 *cert = parse(family_der(f, kind));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
    X509_free(cert);
}

/* Whether the program's output for this command, run in the folder, has the text. */
static bool says(const char *folder, const char *command, const char *text)
{
    char line[512], output[8192] = "";
    snprintf(line, sizeof line, "cd %s && openssl %s 2>&1", folder, command);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t len = fread(output, 1, sizeof output - 1, pipe);
    output[len] = '\0';
    pclose(pipe);
    if (strstr(output, text) == NULL)
        print_message("no \"%s\" in: %s\n", text, output);
    return strstr(output, text) != NULL;
}

static void the_openssl_program_shows_and_verifies_them(void **state)
{
    static const char *const names[] = {"root.pem", "intermediate.pem", "server.pem", "account.pem",
                                        "device.pem"};
    struct family *f = *state;
    char folder[] = "/tmp/x509_test.XXXXXX", remove[64];
    if (system("openssl version >/dev/null 2>&1") != 0)
        skip();
    assert_non_null(mkdtemp(folder));
    for (enum x509_kind kind = 0; kind < X509_KINDS; kind++)
        pem_write(folder, names[kind], f, kind);
    char pin_text[X509_PIN_TEXT], subject[96];
    uint8_t pin[X509_PIN];
    assert_ok(x509_pin(f->c, family_public(f, X509_ROOT), pin));
    x509_pin_write(pin, pin_text);
    snprintf(subject, sizeof subject, "Issuer: CN=sotto root %s", pin_text);
    assert_true(says(folder, "x509 -in root.pem -noout -text -nameopt RFC2253", subject));
    assert_true(says(folder, "x509 -in root.pem -noout -text", "CA:TRUE, pathlen:2"));
    assert_true(says(folder, "x509 -in account.pem -noout -text", "URI:im:alice@chat.example.org"));
    assert_true(
        says(folder, "x509 -in device.pem -noout -text", "URI:sotto:" ACCOUNT_HEX "/" DEVICE_HEX));
    assert_true(says(folder, "verify -x509_strict -attime 1795132800 -CAfile root.pem server.pem",
                     "server.pem: OK"));
    assert_true(says(folder,
                     "verify -x509_strict -attime 1795132800 -CAfile root.pem intermediate.pem",
                     "intermediate.pem: OK"));
    assert_true(says(
        folder,
        "verify -x509_strict -attime 1795132800 -CAfile root.pem -untrusted account.pem device.pem",
        "device.pem: OK"));
    assert_true(says(
        folder,
        "verify -x509_strict -attime 1895132800 -CAfile root.pem -untrusted account.pem device.pem",
        "certificate has expired"));
    snprintf(remove, sizeof remove, "rm -r %s", folder);
    assert_int_equal(system(remove), 0);
}

/* ---- fields at their limits ---- */

static void times_change_their_form_in_2050_and_are_never_out_of_range(void **state)
{
    static const int64_t times[] = {0,          951782399,  951782400,     2524607999,
                                    2524608000, 4107542400, X509_FOREVER_S};
    struct family *f = *state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        struct x509 fields = f->fields[X509_SERVER], cert;
        sotto_buf der = {0};
        fields.not_before_s = 0;
        fields.not_after_s = times[i];
        assert_ok(x509_issue(f->c, &fields, f->key[X509_ROOT], &der));
        assert_ok(x509_read(f->c, X509_SERVER, buf_view(&der), &cert));
        assert_int_equal(cert.not_after_s, times[i]);
        X509 *parsed = parse(buf_view(&der));
        assert_int_equal(seconds(X509_get0_notAfter(parsed)), times[i]);
        assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(parsed)),
                         times[i] < 2524608000 ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME);
        X509_free(parsed);
        buf_clear(&der);
    }
}

static void assert_not_issued(struct family *f, const struct x509 *fields,
                              const sotto_sign_key *key)
{
    sotto_buf out = {0};
    assert_ok(buf_append(&out, VIEW_LIT("kept")));
    assert_err(x509_issue(f->c, fields, key, &out), USAGE);
    assert_true(view_equal(buf_view(&out), VIEW_LIT("kept")));
    buf_clear(&out);
}

static void what_no_template_can_hold_is_not_issued(void **state)
{
    struct family *f = *state;
    struct x509 fields = f->fields[X509_SERVER];
    fields.not_before_s = fields.not_after_s + 1;
    assert_not_issued(f, &fields, f->key[X509_ROOT]);
    fields.not_before_s = -1;
    assert_not_issued(f, &fields, f->key[X509_ROOT]);
    fields = f->fields[X509_SERVER];
    fields.not_after_s = X509_FOREVER_S + 1;
    assert_not_issued(f, &fields, f->key[X509_ROOT]);
    fields = f->fields[X509_SERVER];
    fields.host = (view){0};
    assert_not_issued(f, &fields, f->key[X509_ROOT]);
    fields = f->fields[X509_ACCOUNT];
    fields.name = VIEW_LIT("alice");
    assert_not_issued(f, &fields, f->key[X509_ROOT]);
    assert_not_issued(f, &f->fields[X509_ROOT],
                      f->key[X509_SERVER]); /* a root is signed by itself */
    fields = f->fields[X509_ROOT];
    fields.kind = X509_KINDS;
    assert_not_issued(f, &fields, f->key[X509_ROOT]);

    uint8_t seed[57] = {1};
    sotto_sign_key *ed448 = NULL;
    assert_ok(sign_key_derive(f->c, SIGN_ED448, VIEW_OF(seed), &ed448));
    assert_not_issued(f, &f->fields[X509_SERVER], ed448);
    sign_key_free(ed448);
}

static void the_longest_names_fit(void **state)
{
    struct family *f = *state;
    char name[X509_NAME_MAX + 2];
    struct x509 account = f->fields[X509_ACCOUNT], server = f->fields[X509_SERVER], cert;
    sotto_buf der = {0};
    memset(name, 'a', sizeof name);
    name[64] = '@';
    account.name = view_of(name, X509_NAME_MAX);
    account.not_after_s = X509_FOREVER_S;
    assert_ok(x509_issue(f->c, &account, f->key[X509_INTERMEDIATE], &der));
    assert_true(der.len <= X509_MAX);
    assert_ok(x509_read(f->c, X509_ACCOUNT, buf_view(&der), &cert));
    assert_true(view_equal(cert.name, account.name));
    server.host = view_of(name + 65, X509_HOST_MAX);
    buf_reset(&der);
    assert_ok(x509_issue(f->c, &server, f->key[X509_INTERMEDIATE], &der));
    assert_ok(x509_read(f->c, X509_SERVER, buf_view(&der), &cert));
    account.name = view_of(name, X509_NAME_MAX + 1);
    assert_not_issued(f, &account, f->key[X509_ROOT]);
    server.host = view_of(name + 65, X509_HOST_MAX + 1);
    assert_not_issued(f, &server, f->key[X509_ROOT]);
    buf_clear(&der);
}

static void names_are_local_at_host_in_lower_case(void **state)
{
    static const char *const good[] = {"a@b", "alice.b-c_d9@chat.example.org", "bob@127.0.0.1",
                                       "eve@[::1]"};
    static const char *const bad[] = {
        "",      "@",     "a@",    "@b",         "a",     "A@b",   "a@B",
        "a b@c", "a@b@c", "a@b/c", "\xc3\xa4@b", "a@b\n", "a:b@c", "[a]@b",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(x509_name_valid(view_str(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(x509_name_valid(view_str(bad[i])));
    assert_false(x509_name_valid(view_of("a@b\0c", 5)));
    assert_false(x509_host_valid(view_of("a\0", 2)));
}

/* ---- pins ---- */

/* The key of RFC 8032 7.1 test 1; its digest by another program: printf KEY | xxd -r -p | sha256sum */
static void a_pin_is_the_start_of_the_keys_hash(void **state)
{
    struct family *f = *state;
    sotto_buf key = unhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    uint8_t pin[X509_PIN], id[X509_KEY_ID];
    char text[X509_PIN_TEXT];
    assert_ok(x509_pin(f->c, key.data, pin));
    assert_ok(x509_key_id(f->c, key.data, id));
    assert_memory_equal(pin, id, sizeof pin);
    assert_bytes(VIEW_OF(id), "21fe31dfa154a261626bf854046fd2271b7bed4b");
    x509_pin_write(pin, text);
    assert_string_equal(text, "21FE-31DF-A154-A261-626B-F854-046F-D2");
    buf_clear(&key);
}

static void a_pin_reads_in_either_case_with_all_dashes_or_none(void **state)
{
    static const char *const good[] = {
        "21FE-31DF-A154-A261-626B-F854-046F-D2",
        "21fe-31df-a154-a261-626b-f854-046f-d2",
        "21FE31DFA154A261626BF854046FD2",
    };
    static const char *const bad[] = {
        "",
        "21FE",
        "21FE-31DF-A154-A261-626B-F854-046F-D",
        "21FE-31DF-A154-A261-626B-F854-046F-D2-",
        "21FE-31DF-A154-A261-626B-F854-046FD2",
        "21FE-31DF-A154-A261-626B-F854-046F D2",
        "21FE-31DFA-154-A261-626B-F854-046F-D2",
        "21FE-31DF-A154-A261-626B-F854-046F-G2",
        "-------------------------------------",
        "21FE31DFA154A261626BF854046FD",
        "21FE31DFA154A261626BF854046FDX",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        uint8_t pin[X509_PIN];
        assert_ok(x509_pin_read(view_str(good[i]), pin));
        assert_bytes(VIEW_OF(pin), "21fe31dfa154a261626bf854046fd2");
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint8_t pin[X509_PIN] = {7};
        assert_err(x509_pin_read(view_str(bad[i]), pin), VALUE);
        assert_int_equal(pin[0], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_reads_back_what_was_issued_and_as_no_other_kind),
        cmocka_unit_test(verifying_takes_the_issuers_key_and_no_other),
        cmocka_unit_test(every_bit_of_a_device_certificate_counts),
        cmocka_unit_test(every_byte_of_every_kind_counts),
        cmocka_unit_test(every_truncation_and_a_spare_byte_are_refused),
        cmocka_unit_test(a_changed_template_is_refused_though_validly_signed),
        cmocka_unit_test(openssl_reads_the_same_fields),
        cmocka_unit_test(openssl_verifies_the_signatures_and_the_links_between_names),
        cmocka_unit_test(equal_fields_give_equal_numbers),
        cmocka_unit_test(the_openssl_program_shows_and_verifies_them),
        cmocka_unit_test(times_change_their_form_in_2050_and_are_never_out_of_range),
        cmocka_unit_test(what_no_template_can_hold_is_not_issued),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(names_are_local_at_host_in_lower_case),
        cmocka_unit_test(a_pin_is_the_start_of_the_keys_hash),
        cmocka_unit_test(a_pin_reads_in_either_case_with_all_dashes_or_none),
    };
    return cmocka_run_group_tests(tests, family_setup, family_teardown);
}
