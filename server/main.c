/* main.c - sottod: its commands as rows. */
#include <openssl/crypto.h>
#include <sotto/version.h>
#include <stdarg.h>
#include <stdio.h>

#include "ask.h"
#include "backup_command.h"
#include "check_config.h"
#include "cli/cli.h"
#include "config.h"
#include "doctor.h"
#include "init.h"
#include "invite_command.h"
#include "rotate_key.h"
#include "serve.h"
#include "status.h"
#include "user_command.h"

#define SETTINGS_MAX   256
#define SETTINGS_TEXT  32768 /* bytes */
#define SETTINGS_WIDTH 80    /* columns */

/* clang-format off */
static const struct cli_command commands[] = {
    {"init", NULL, 0, 0, "make the keys and the settings of a new server", init_text, init_options, init_run},
    {"serve", "[PORT]", 0, 1, "run the server", serve_text, serve_options, serve_run},
    {"check-config", "[FILE]", 0, 1, "tell whether the settings have mistakes", check_config_text, check_config_options, check_config_run},
    {"doctor", "[NAME]", 0, 1, "say what is wrong here and how to mend it", doctor_text, doctor_options, doctor_run},
    {"status", NULL, 0, 0, "tell how the running server is", status_text, ask_options, status_run},
    {"reload", NULL, 0, 0, "have the running server read its settings again", reload_text, ask_options, reload_run},
    {"metrics print", NULL, 0, 0, "print the running server's metrics", metrics_text, ask_options, metrics_run},
    {"rotate-key", NULL, 0, 0, "make a new server key, and an intermediate", rotate_key_text, rotate_key_options, rotate_key_run},
    {"backup", "FILE|-", 1, 1, "write a backup while the server runs", backup_text, backup_options, backup_run},
    {"verify-backup", "FILE", 1, 1, "check a backup to its last byte", verify_text, verify_options, verify_run},
    {"restore", "FILE", 1, 1, "put a backup into an empty state directory", restore_text, restore_options, restore_run},
    {"backup-key", "FILE", 1, 1, "make a key for backups to be sealed to", backup_key_text, NULL, backup_key_run},
    {0},
};
/* clang-format on */

/* clang-format off */
static const struct cli_command people_commands[] = {
    {"invite create", NULL, 0, 0, "make an invite: a link, or a one-time password", invite_create_text, invite_create_options, invite_create_run},
    {"invite list", NULL, 0, 0, "list invites that are not used up", invite_list_text, ask_options, invite_list_run},
    {"invite revoke", "ID", 1, 1, "take an invite back", invite_revoke_text, ask_options, invite_revoke_run},
    {"user list", NULL, 0, 0, "list the accounts", user_list_text, ask_options, user_list_run},
    {"user disable", "NAME", 1, 1, "keep an account from signing in", user_disable_text, ask_options, user_disable_run},
    {"user enable", "NAME", 1, 1, "let it sign in again", user_enable_text, ask_options, user_enable_run},
    {"user delete", "NAME", 1, 1, "delete an account for ever", user_delete_text, user_delete_options, user_delete_run},
    {"user quota", "NAME SIZE|default", 2, 2, "set how much an account may store", user_quota_text, ask_options, user_quota_run},
    {"user rename", "NAME NEW", 2, 2, "give an account another name", user_rename_text, ask_options, user_rename_run},
    {"device list", "NAME", 1, 1, "list the devices of an account", device_list_text, ask_options, device_list_run},
    {"device revoke", "NAME ID", 2, 2, "serve a device no more", device_revoke_text, ask_options, device_revoke_run},
    {0},
};
/* clang-format on */

static const struct cli_group groups[] = {
    {"server", commands}, {"people", people_commands}, {"more", cli_shared_commands}, {0}};

static const struct cli_line environment[] = {
    {"STATE_DIRECTORY", "the state directory, as a service manager sets it"},
    {"XDG_STATE_HOME", "sottod/ below it is the state directory"},
    {"NOTIFY_SOCKET", "where to tell a service manager that the server is ready, or stops"},
    {0},
};

static const struct cli_line files[] = {
    {"/etc/sottod/sottod.conf", "settings; see sottod.conf(5)"},
    {"libexec/sotto/sottod-mail",
     "the program that sends a mail, where sottod is bin/sottod; run by the server alone"},
    {"/var/lib/sottod", "the state directory of the service; what follows lies in it"},
    {"root.key", "the key that the pin stands for; keep a copy in a safe place"},
    {"intermediate.key", "if there is one: the key that certifies in the root key's place"},
    {"server.key", "the key that signs each connection, certified by one of these"},
    {"sotto.db", "the database: accounts, and what waits for devices"},
    {"blobs", "attachments, sealed by who sent them"},
    {"admin.sock", "where commands ask the running server; for root and its own user"},
    {"spare", "up to 16 MiB that are given up when the disk is full"},
    {"last-backup", "when the last backup was made"},
    {"backup.tmp", "the database's copy, while a backup is made"},
    {0},
};

static void print_version(FILE *out)
{
    fprintf(out, "sottod %s\nlibcrypto %s\ncurve25519 from %s\n", sotto_version(),
            OpenSSL_version(OPENSSL_VERSION_STRING), sotto_curve_backend());
}

/* The settings as the help and their man page show them: made from the table when the program starts. */
static char settings[SETTINGS_TEXT] =
    "A setting is a line \"key = value\" of " CONFIG_FILE
    ", or --set KEY=VALUE for one run, which counts more. A key with a dot stands below a line "
    "with its section: limits.rooms is rooms below [limits]. "
    "Limits can be raised and lowered, and not switched off.\n\n";

static struct setting {
    char name[2 * CONFIG_KEY_MAX], what[320];
} setting_texts[SETTINGS_MAX];
static struct cli_line setting_lines[SETTINGS_MAX + 1];

/* Knows where the text ends: to look for that at each word would take milliseconds. */
__attribute__((format(printf, 1, 2))) static void settings_add(const char *format, ...)
{
    static size_t len;
    va_list args;
    len = len > 0 ? len : strlen(settings);
    va_start(args, format);
    int more = vsnprintf(settings + len, sizeof settings - len, format, args);
    va_end(args);
    len = size_min(len + (size_t)(more > 0 ? more : 0), sizeof settings - 1);
}

/* Indented by six, and as wide as a terminal is. */
static void settings_add_words(const char *text)
{
    size_t column = 0;
    while (*text != 0) {
        size_t len = strcspn(text, " ");
        bool fits = column > 0 && column + 1 + len <= SETTINGS_WIDTH;
        settings_add("%s%.*s", fits ? " " : column > 0 ? "\n      " : "      ", (int)len, text);
        column = (fits ? column + 1 : 6) + len;
        text += len;
        text += strspn(text, " ");
    }
    settings_add("\n");
}

static void setting_make(const struct config_key *key, struct setting *ret)
{
    char name[CONFIG_KEY_MAX];
    bool unit = key->unit[0] != 0, standard = key->standard[0] != 0;
    config_key_name(key, name);
    snprintf(ret->name, sizeof ret->name, "%s = %s", name, key->value);
    snprintf(ret->what, sizeof ret->what, "%s%s%s%s%s%s%s", key->what, unit ? " (" : "", key->unit,
             unit ? ")" : "", key->many ? "; may come more than once" : "",
             standard ? "; default " : "", key->standard);
}

static void settings_make(void)
{
    struct config_key key;
    for (size_t i = 0; i < SETTINGS_MAX && config_key(i, &key); i++) {
        setting_make(&key, &setting_texts[i]);
        setting_lines[i] = (struct cli_line){setting_texts[i].name, setting_texts[i].what};
        settings_add("  %s\n", setting_texts[i].name);
        settings_add_words(setting_texts[i].what);
    }
}

static const struct cli_topic topics[] = {{"settings", "Settings", settings}, {0}};

static const struct cli_page pages[] = {
    {
        .name = "sottod.conf",
        .section = 5,
        .summary = "the settings of sottod",
        .text =
            "sottod needs no settings. This file changes them; sottod init writes one with every "
            "key, commented out but for those that it sets: dir, rooms = members, and host and "
            "listen if they are given.\n\n"
            "A line is \"key = value\", a section \"[name]\", or a comment that begins with '#' or "
            "';'. Keys before the first section stand here without a name before them; "
            "section.key is key below [section]. What is unknown, comes twice or has a value that "
            "it can't have is an error that names the line: see sottod check-config.",
        .title = "settings",
        .lines = setting_lines,
        .see_also = "sottod(8)",
    },
    {0},
};

static const struct cli_program program = {
    .name = "sottod",
    .man_section = 8,
    .summary = "the server of Sotto: it passes on what it cannot read",
    .text =
        "sottod keeps the accounts of its members and passes on their messages, which it cannot "
        "read; people without an account meet in rooms for two. It needs no configuration.\n\n"
        "sottod init prepares a server, sottod doctor says what is missing, sottod invite create "
        "makes accounts. Commands that ask the running server do so over a socket in its state "
        "directory; with --json they print objects for programs.",
    .groups = groups,
    .topics = topics,
    .environment = environment,
    .files = files,
    .pages = pages,
    .see_also = "sotto(1), sottod.conf(5)",
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
