#include "lab/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ct.h"
#include "base/text.h"
#include "crypto/rng.h"
#include "lab/options.h"
#include "lab/parse.h"

#define KEY_FILE_MAX 65536 /* bytes */
#define PSK_FILE     "sotto-lab.key"

static int fail_file(const struct cli_call *call, const char *path, const char *what, sotto_err err)
{
    return cli_failf(call,
                     &(struct cli_error){.err = err, .todo = "make one with `sotto lab keygen`"},
                     "%.200s %s", path, what);
}

/* --- reading --- */

static int file_read(const struct cli_call *call, const char *path, sotto_buf *ret_text)
{
    uint8_t *place;
    if (buf_extend(ret_text, KEY_FILE_MAX, &place) != SOTTO_OK)
        return cli_fail(call, &(struct cli_error){.err = SOTTO_E_NOMEM});
    FILE *file = fopen(path, "re");
    size_t len = file != NULL ? fread(place, 1, KEY_FILE_MAX, file) : 0;
    bool good = file != NULL && ferror(file) == 0;
    if (file != NULL)
        fclose(file);
    ret_text->len = len;
    if (good && len < KEY_FILE_MAX)
        return 0;
    if (good)
        return fail_file(call, path, "is too large for a key file", SOTTO_E_CONFIG);
    return fail_file(call, path, "cannot be read", SOTTO_E_IO);
}

int keys_psk_read(const struct cli_call *call, const char *path, struct secret *ret_psk)
{
    DEFER(buf_clear) sotto_buf text = {0};
    int status = file_read(call, path, &text);
    if (status != 0)
        return status;
    if (parse_psk_file(buf_view(&text), ret_psk) == SOTTO_OK)
        return 0;
    return fail_file(call, path, "holds no shared key: 64 hexadecimal digits", SOTTO_E_CONFIG);
}

int keys_identity_read(const struct cli_call *call, const char *path, const struct lab_suite *suite,
                       sotto_buf *ret_identity)
{
    DEFER(buf_clear) sotto_buf text = {0};
    int status = file_read(call, path, &text);
    if (status != 0)
        return status;
    if (parse_identity_file(buf_view(&text), suite, ret_identity) == SOTTO_OK)
        return 0;
    return fail_file(call, path, "holds no signing key for this suite", SOTTO_E_CONFIG);
}

/* --- making --- */

static int fail_create(const struct cli_call *call, const char *path)
{
    if (errno == EEXIST)
        return cli_failf(call,
                         &(struct cli_error){.err = SOTTO_E_EXISTS,
                                             .exit = 7,
                                             .why = "a key file is never overwritten",
                                             .todo = "name another file with -o, or move that one"},
                         "%.200s is there already", path);
    return cli_failf(call,
                     &(struct cli_error){.err = errno == EACCES ? SOTTO_E_PERMISSION : SOTTO_E_IO,
                                         .todo = "name a file in a folder that you can write to"},
                     "cannot make %.200s (%s)", path, strerror(errno));
}

/* O_EXCL does not follow a link either. What can't be written whole does not stay. */
static int file_create(const struct cli_call *call, const char *path, view text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return fail_create(call, path);
    bool written = write(file, text.data, text.len) == (ssize_t)text.len && fsync(file) == 0;
    if (close(file) == 0 && written)
        return 0;
    unlink(path);
    errno = EIO;
    return fail_create(call, path);
}

struct made {
    struct secret psk;
    sotto_buf identity; /* empty: the suite does not sign */
    uint8_t fingerprint[LAB_FINGERPRINT];
    char identity_path[1024];
};

static void made_clear(struct made *m)
{
    secret_clear(&m->psk);
    buf_clear(&m->identity);
}

static sotto_err identity_make(const struct lab_suite *suite, struct made *m)
{
    uint8_t seed[LAB_SEED];
    sotto_crypto *crypto = NULL;
    random_bytes(seed, sizeof seed);
    sotto_err err = lab_identity_make(suite, seed, &m->identity);
    ct_wipe(seed, sizeof seed);
    TRY(err);
    TRY(crypto_new(&crypto));
    err = lab_identity_fingerprint(crypto, suite, buf_view(&m->identity), m->fingerprint);
    crypto_free(crypto);
    return err;
}

static sotto_err made_make(const struct lab_suite *suite, struct made *m)
{
    secret_resize(&m->psk, LAB_PSK);
    random_bytes(m->psk.data, m->psk.len);
    return suite != NULL && lab_suite_signs(suite) ? identity_make(suite, m) : SOTTO_OK;
}

static sotto_err psk_text(const struct made *m, sotto_buf *out)
{
    TRY(buf_append(
        out,
        VIEW_LIT("# sotto lab: a shared key. Give it to both sides by a way that nobody reads;\n"
                 "# use it with --psk-file. For teaching, not for secrets.\npsk ")));
    TRY(hex_write(secret_view(&m->psk), out));
    return buf_append(out, VIEW_LIT("\n"));
}

static sotto_err identity_text(const struct lab_suite *suite, const struct made *m, sotto_buf *out)
{
    TRY(buf_append(
        out,
        VIEW_LIT(
            "# sotto lab: a private signing key. It stays on this side; use it with --key-file.\n"
            "# The other side gives its fingerprint with --peer: ")));
    TRY(hex_write(VIEW_OF(m->fingerprint), out));
    TRY(buf_append(out, VIEW_LIT("\nidentity ")));
    TRY(buf_append(out, view_str(lab_suite_name(suite))));
    TRY(buf_append(out, VIEW_LIT(" ")));
    TRY(hex_write(buf_view(&m->identity), out));
    return buf_append(out, VIEW_LIT("\n"));
}

/* Both files or none. */
static int made_write(const struct cli_call *call, const struct lab_suite *suite, const char *path,
                      struct made *m)
{
    DEFER(buf_clear) sotto_buf psk = {0};
    DEFER(buf_clear) sotto_buf identity = {0};
    sotto_err err = psk_text(m, &psk);
    if (err == SOTTO_OK && m->identity.len > 0)
        err = identity_text(suite, m, &identity);
    if (err != SOTTO_OK)
        return cli_fail(call, &(struct cli_error){.err = err});
    int status = file_create(call, path, buf_view(&psk));
    if (status != 0 || identity.len == 0)
        return status;
    int len = snprintf(m->identity_path, sizeof m->identity_path, "%s.identity", path);
    if (len < 0 || (size_t)len >= sizeof m->identity_path) {
        errno = ENAMETOOLONG;
        status = fail_create(call, path);
    } else {
        status = file_create(call, m->identity_path, buf_view(&identity));
    }
    if (status != 0)
        unlink(path);
    return status;
}

static void made_show(const struct cli_call *call, const char *path, const struct made *m)
{
    DEFER(buf_clear) sotto_buf psk = {0};
    DEFER(buf_clear) sotto_buf fingerprint = {0};
    const uint8_t end = 0;
    if (hex_write(secret_view(&m->psk), &psk) != SOTTO_OK ||
        buf_append(&psk, view_of(&end, 1)) != SOTTO_OK ||
        hex_write(VIEW_OF(m->fingerprint), &fingerprint) != SOTTO_OK ||
        buf_append(&fingerprint, view_of(&end, 1)) != SOTTO_OK)
        return;
    bool signs = m->identity.len > 0;
    if (call->json) {
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_string(&j, "file", path);
        cli_json_string(&j, "psk", (const char *)psk.data);
        cli_json_string(&j, "identityFile", signs ? m->identity_path : NULL);
        cli_json_string(&j, "fingerprint", signs ? (const char *)fingerprint.data : NULL);
        cli_json_end(&j);
        return;
    }
    printf("shared key   %s\n  in %s: give it to both sides, and use it with --psk-file\n",
           (const char *)psk.data, path);
    if (signs)
        printf(
            "fingerprint  %s\n  of the signing key in %s: use that with --key-file, and give the "
            "fingerprint to the other side for --peer\n",
            (const char *)fingerprint.data, m->identity_path);
}

int keys_generate(struct cli_call *call)
{
    const char *path = cli_value(call, "output");
    const struct lab_suite *suite = NULL;
    DEFER(made_clear) struct made made = {0};
    if (path == NULL)
        path = PSK_FILE;
    if (cli_given(call, "suite")) {
        int status = options_suite(call, NULL, &suite);
        if (status != 0)
            return status;
    }
    sotto_err err = made_make(suite, &made);
    if (err != SOTTO_OK)
        return cli_fail(call, &(struct cli_error){.err = err});
    int status = made_write(call, suite, path, &made);
    if (status == 0)
        made_show(call, path, &made);
    return status;
}
