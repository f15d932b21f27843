/* commands.c - the lab's rows in the table of commands. */
#include "cli/commands.h"

#include "lab/attacks.h"
#include "lab/direct.h"
#include "lab/gateway.h"
#include "lab/keys.h"
#include "lab/lab.h"
#include "lab/relay.h"
#include "lab/talk.h"

static int run_suites(struct cli_call *call)
{
    size_t count;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (!call->json) {
            printf("%-28s %s\n", lab_suite_name(suites[i]), lab_suite_summary(suites[i]));
            continue;
        }
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_string(&j, "suite", lab_suite_name(suites[i]));
        cli_json_string(&j, "summary", lab_suite_summary(suites[i]));
        cli_json_bool(&j, "signs", lab_suite_signs(suites[i]));
        cli_json_end(&j);
    }
    return 0;
}

static int run_new(struct cli_call *call)
{
    return talk_run(call, LAB_LISTENER, &relay_new_wire);
}

static int run_join(struct cli_call *call)
{
    return talk_run(call, LAB_DIALER, &relay_join_wire);
}

static int run_listen(struct cli_call *call)
{
    return talk_run(call, LAB_LISTENER, &direct_listen_wire);
}

static int run_dial(struct cli_call *call)
{
    return talk_run(call, LAB_DIALER, &direct_dial_wire);
}

static int run_gateway(struct cli_call *call)
{
    return talk_run(call, LAB_LISTENER,
                    &gateway_wire); /* who listens is known when both are there */
}

#define OPTION_SUITE                                                            \
    {                                                                           \
        "suite", 's', "NAME", "the construction; `sotto lab suites` lists them" \
    }
#define OPTIONS_TALK                                                                           \
    {"psk-file", 0, "FILE",                                                                    \
     "a shared key of `sotto lab keygen` instead of the exchange; - to paste it"},             \
        {"key-file", 0, "FILE", "our signing key, in suites that sign; else a throwaway one"}, \
        {"peer", 0, "HEX", "the fingerprint that the other side's signing key must have"},     \
        {"sha1", 0, NULL, "sign over SHA-1, to show why not (modp2048-elgamal-aes256cfb)"},    \
    {                                                                                          \
        "explain", 0, "[=json]", "show every step with its real values"                        \
    }

static const struct cli_option talk_options[] = {OPTION_SUITE, OPTIONS_TALK, {0}};
static const struct cli_option join_options[] = {
    {"code-file", 0, "FILE", "read the code from the first line of a file"}, OPTIONS_TALK, {0}};
static const struct cli_option gateway_options[] = {
    {"room", 0, "NAME", "the gateway's room; default if not given"},
    OPTION_SUITE,
    OPTIONS_TALK,
    {0}};
static const struct cli_option attack_options[] = {OPTION_SUITE, {0}};
static const struct cli_option keygen_options[] = {
    {"suite", 's', "NAME", "make a signing key too, if this suite signs"},
    {"output", 'o', "FILE", "where to put it; sotto-lab.key if not given"},
    {0},
};

const struct cli_command lab_commands[] = {
    {"lab", NULL, 0, 0, "list the suites of the lab",
     "The lab runs five classical constructions for real, between two terminals, and explains "
     "them. "
     "They are for teaching: their keys "
     "are thrown away or shown, and several of them fall to the attacks that `sotto lab attack` "
     "carries out. A session (`sotto session`) never uses them.\n\n"
     "  sotto lab listen --explain              in one terminal\n"
     "  sotto lab dial                          in another",
     NULL, run_suites},
    {"lab suites", NULL, 0, 0, "list the suites of the lab", NULL, NULL, run_suites},
    {"lab new", NULL, 0, 0, "open a lab room on the relay and show its code",
     "The code is SLOT-SUITE, such as 7-x25519-hkdf-aes256gcm. It says where and how, not who: "
     "unlike the words of a session it is no secret, and the relay could sit in the middle. "
     "Messages go both ways until one side leaves, with exit, /end or the end of its input; both "
     "then print SUCCESS.",
     talk_options, run_new},
    {"lab join", "[-]", 0, 1, "join a lab room by its code",
     "Asks for the code; with - it is the first line of standard input. The suite comes with the "
     "code.",
     join_options, run_join},
    {"lab listen", "[ADDR:PORT]", 0, 1, "wait for the other side, without a relay",
     "Two processes talk directly over TCP, without TLS: what the suite does is all there is. The "
     "address is 127.0.0.1:65432 if not given; a port alone means 127.0.0.1. Both sides name the "
     "same suite, else x25519-hkdf-aes256gcm is used.\n\n"
     "  sotto lab listen --suite x25519-aes256cbc-hmac --explain\n"
     "  sotto lab dial --suite x25519-aes256cbc-hmac < in > out",
     talk_options, run_listen},
    {"lab dial", "[ADDR:PORT]", 0, 1, "connect to the other side, without a relay",
     "See `sotto help lab listen`.", talk_options, run_dial},
    {"lab gateway", "[ADDR:PORT]", 0, 1, "meet the other side at a Socket.IO gateway",
     "For clients that speak Socket.IO, and for what students write: both sides connect to the "
     "gateway of a sottod and meet in a room there, in plain HTTP; who was there first listens. "
     "Each message of the suite is an event with one string of hexadecimal digits. The address is "
     "127.0.0.1:5001 if not given, the suite modp2048-elgamal-aes256cfb.\n\n"
     "  sottod serve --set gateway=127.0.0.1:5001       in one terminal\n"
     "  sotto lab gateway --room lab-1 --explain        in two others",
     gateway_options, run_gateway},
    {"lab keygen", NULL, 0, 0, "make a shared key, and a signing key for suites that sign",
     "The key file has mode 0600 and never replaces another file. Its shared key, which is also "
     "shown, is given to both sides and takes the place of the key exchange (--psk-file). For a "
     "suite that signs, a private signing key goes to FILE.identity, and its fingerprint is shown: "
     "one side uses the key (--key-file), the other gives the fingerprint (--peer).\n\n"
     "  sotto lab keygen -o shared.key",
     keygen_options, keys_generate},
    {"lab attack", "[mitm|flip-bit|replay|reorder|sha1]", 0, 1,
     "attack the suites, and see which fall",
     "Runs the attack for real, in one process, against every suite or the one that is named: what "
     "happens, whether the suite falls, and which check stops it. Then the same against a Sotto "
     "session. Without an attack: all of them, as a table.",
     attack_options, attacks_run},
    {0},
};
