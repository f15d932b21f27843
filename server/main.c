/* main.c - sottod: its commands as rows. */
#include <openssl/crypto.h>
#include <sotto/version.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"
#include "config.h"
#include "serve.h"

#define SETTINGS_TEXT 8192 /* bytes */

/* clang-format off */
static const struct cli_command commands[] = {
    {"serve", "[PORT]", 0, 1, "run the server", serve_text, serve_options, serve_run},
    {0},
};
/* clang-format on */

static const struct cli_group groups[] = {{"server", commands}, {"more", cli_shared_commands}, {0}};

static const struct cli_line environment[] = {
    {"STATE_DIRECTORY", "the state directory, as a service manager sets it"},
    {"XDG_STATE_HOME", "sottod/ below it is the state directory"},
    {"NOTIFY_SOCKET", "where to tell a service manager that the server is ready, or stops"},
    {0},
};

static const struct cli_line files[] = {
    {"/etc/sottod/sottod.conf", "settings; see sottod help settings"},
    {"root.key",
     "in the state directory: the key that the pin stands for; keep a copy in a safe place"},
    {"server.key",
     "in the state directory: the key that signs each connection, certified by the root key"},
    {0},
};

static void print_version(FILE *out)
{
    fprintf(out, "sottod %s\nlibcrypto %s\ncurve25519 from %s\n", sotto_version(),
            OpenSSL_version(OPENSSL_VERSION_STRING), sotto_curve_backend());
}

/* The settings as the help shows them: made from the tables when the program starts. */
static char settings[SETTINGS_TEXT] =
    "A setting is a line \"key = value\" of /etc/sottod/sottod.conf, or --set KEY=VALUE for one "
    "run, which counts more. "
    "Limits have the default shown; they can be raised and lowered, and switched off only by "
    "--no-limits.\n\n";

__attribute__((format(printf, 1, 2))) static void settings_add(const char *format, ...)
{
    size_t len = strlen(settings);
    va_list args;
    va_start(args, format);
    vsnprintf(settings + len, sizeof settings - len, format, args);
    va_end(args);
}

static void settings_make(void)
{
    unsigned count;
    const struct limit_row *limits = limits_table(&count);
    const struct config_key *key;
    for (size_t i = 0; (key = config_keys(i)) != NULL; i++)
        settings_add("  %s = %s\n      %s\n", key->name, key->value, key->what);
    for (unsigned i = 0; i < count; i++)
        settings_add("  limits.%s = %llu\n      %s%s%s%s\n", limits[i].name,
                     (unsigned long long)limits[i].value, limits[i].what,
                     limits[i].unit[0] != 0 ? " (" : "", limits[i].unit,
                     limits[i].unit[0] != 0 ? ")" : "");
}

static const struct cli_topic topics[] = {{"settings", "Settings", settings}, {0}};

static const struct cli_program program = {
    .name = "sottod",
    .man_section = 8,
    .summary = "the server of Sotto: it passes on what it cannot read",
    .text = "sottod relays encrypted messages between clients of Sotto. It needs no configuration "
            "and stores nothing but its own keys.",
    .groups = groups,
    .topics = topics,
    .environment = environment,
    .files = files,
    .see_also = "sotto(1)",
    .print_version = print_version,
};

int main(int argc, char **argv)
{
    /* Threads may still run when the program ends: libcrypto leaves its memory to the kernel. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    if (sotto_check_libcrypto() != SOTTO_OK)
        return cli_failf(NULL,
                         &(struct cli_error){.err = SOTTO_E_UNSUPPORTED,
                                             .todo = "install OpenSSL 3.5 or newer, once"},
                         "libcrypto %s is older than 3.5, or not the only one that was loaded",
                         OpenSSL_version(OPENSSL_VERSION_STRING));
    settings_make();
    return cli_main(&program, argc, argv);
}
