#include "lab/options.h"

#include "lab/explain.h"
#include "lab/keys.h"
#include "lab/parse.h"
#include "lab/talk.h"

#define SUITE_DEFAULT "x25519-hkdf-aes256gcm"

static const char *suite_name_next(void *state)
{
    size_t *at = state, count;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    return *at < count ? lab_suite_name(suites[(*at)++]) : NULL;
}

int options_suite_unknown(const struct cli_call *call, const char *name)
{
    size_t at = 0;
    struct cli_error error = {.err = SOTTO_E_USAGE,
                              .guess = cli_suggest(name, suite_name_next, &at),
                              .try = "sotto lab suites"};
    return cli_failf(call, &error, "no suite is called \"%.60s\"", name);
}

int options_suite(const struct cli_call *call, const char *usual,
                  const struct lab_suite **ret_suite)
{
    const char *name = cli_value(call, "suite");
    if (name == NULL)
        name = usual != NULL ? usual : SUITE_DEFAULT;
    const struct lab_suite *suite = lab_suite_find(view_str(name));
    if (suite == NULL)
        return options_suite_unknown(call, name);
    *ret_suite = suite;
    return 0;
}

int options_explain(struct talk *t)
{
    const char *form = cli_value(t->call, "explain");
    t->explain = cli_given(t->call, "explain");
    t->explain_json = t->explain && (t->call->json || form != NULL);
    if (form != NULL && strcmp(form, "json") != 0)
        return cli_failf(t->call,
                         &(struct cli_error){.err = SOTTO_E_USAGE, .try = "sotto help lab"},
                         "--explain takes json or nothing, not \"%.60s\"", form);
    if (t->explain_json)
        t->call->json = true; /* one object a line, the steps and all else */
    return 0;
}

static int psk_option(struct talk *t)
{
    const char *path = cli_value(t->call, "psk-file");
    if (path == NULL)
        return 0;
    t->config.psk = &t->psk;
    t->psk_asked = strcmp(path, "-") == 0;
    return t->psk_asked ? 0 : keys_psk_read(t->call, path, &t->psk);
}

static int fail_not_for(const struct talk *t, const char *option)
{
    struct cli_error error = {
        .err = SOTTO_E_USAGE, .why = "that suite does not have it", .try = "sotto lab suites"};
    return cli_failf(t->call, &error, "--%s does not go with %s", option,
                     lab_suite_name(t->config.suite));
}

static int signing_options(struct talk *t)
{
    const char *path = cli_value(t->call, "key-file"), *peer = cli_value(t->call, "peer");
    bool signs = lab_suite_signs(t->config.suite);
    if (path != NULL && !signs)
        return fail_not_for(t, "key-file");
    if (peer != NULL && !signs)
        return fail_not_for(t, "peer");
    if (peer != NULL && parse_fingerprint(view_str(peer), t->peer) != SOTTO_OK)
        return cli_fail(t->call,
                        &(struct cli_error){.err = SOTTO_E_USAGE,
                                            .what = "--peer takes 64 hexadecimal digits",
                                            .todo = "give the fingerprint that keygen showed"});
    if (peer != NULL)
        t->config.peer = VIEW_OF(t->peer);
    int status =
        path != NULL ? keys_identity_read(t->call, path, t->config.suite, &t->identity) : 0;
    t->config.identity = buf_view(&t->identity);
    return status;
}

int options_keys(struct talk *t)
{
    t->config.sha1 = cli_given(t->call, "sha1");
    if (t->config.sha1 && !lab_suite_has_sha1(t->config.suite))
        return fail_not_for(t, "sha1");
    if (t->explain) {
        t->config.explain = explain_show;
        t->config.explain_data = t;
    }
    int status = psk_option(t);
    return status != 0 ? status : signing_options(t);
}
