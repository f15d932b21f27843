/* main.c - sotto: the tables of its commands, in one place for parser, help, man page and
 * completions. */
#include <openssl/crypto.h>

#include <sotto/version.h>

#include "cli/commands.h"

static void print_version(FILE *out)
{
    fprintf(out, "sotto %s\n", sotto_version());
    fprintf(out, "libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
    fprintf(out, "Curve25519 from %s\n", sotto_curve_backend());
}

static const struct cli_group groups[] = {
    {"sessions", session_commands},
    {"servers", server_commands},
    {"the lab", lab_commands},
    {"more", cli_shared_commands},
    {0},
};

static const struct cli_line environment[] = {
    {"SOTTO_SERVER", "the server, where --server is not given"},
    {"XDG_DATA_HOME", "where data is kept; $HOME/.local/share if not set"},
    {"NO_COLOR", "print without colours"},
    {"TERM", "with dumb, lines are not edited"},
    {0},
};

static const struct cli_line files[] = {
    {"$XDG_DATA_HOME/sotto/known_servers",
     "the servers that were met: address, pin of the root key, first contact"},
    {0},
};

static const struct cli_topic topics[] = {
    {"codes", "session codes",
     "A code such as 7-aardvark-zucchini is a number that leads to the session and two or three "
     "words of a list of 1,024. The words are "
     "never sent: both sides turn them into the same strong key (CPace), which neither the server "
     "nor a listener can find out. Whoever "
     "tries a wrong code uses it up, so that guessing is hopeless; two words are one guess in a "
     "million.\n\n"
     "Capitals do not matter, a word can be cut to its first three letters, and spaces can stand "
     "for hyphens.\n\n"
     "The two pictures that are shown when the channel is secure are the same on both sides: "
     "compare them if you like."},
    {"json", "output for programs",
     "With --json, a session prints one object a line on standard output:\n\n"
     "  "
     "{\"v\":1,\"type\":\"connected\",\"server\":\"127.0.0.1:5000\",\"pin\":\"9F2C-…\",\"new\":"
     "true}\n"
     "  {\"code\":\"7-aardvark-zucchini\",\"v\":1,\"type\":\"code\",\"expiresIn\":600}\n"
     "  {\"v\":1,\"type\":\"exchanging\"}\n"
     "  {\"v\":1,\"type\":\"secure\",\"check1\":\"turtle\",\"check2\":\"key\"}\n"
     "  {\"v\":1,\"type\":\"message\",\"from\":\"them\",\"text\":\"Hello!\"}\n"
     "  {\"v\":1,\"type\":\"done\",\"from\":\"them\"}\n"
     "  {\"v\":1,\"type\":\"ended\",\"by\":\"them\"}\n\n"
     "What is said is read from standard input as it is, a line at a time. Text is given as it "
     "came, unclean; programs must ignore "
     "fields and types that they don't know. An error is one object on standard error, and decides "
     "the exit status:\n\n"
     "  "
     "{\"v\":1,\"type\":\"error\",\"code\":\"E_CODE\",\"exit\":4,\"error\":\"…\",\"why\":\"…\","
     "\"try\":\"…\",\"do\":\"…\"}"},
    {"trust", "trust in the server",
     "Each server has a root key; its pin, 30 hexadecimal digits, is kept at the first contact "
     "with an address, and from then on a "
     "server with another key is refused. Compare the pin that is shown then with the one that the "
     "operator's sottod prints, if it "
     "matters. The server never sees what is said in a session, whatever its key."},
    {0},
};

static const struct cli_program program = {
    .name = "sotto",
    .man_section = 1,
    .summary = "talk privately through a server that can read nothing",
    .text = "Two people talk by a spoken code, without accounts: one runs `sotto session new` and "
            "reads the code out, the other runs "
            "`sotto session join`. What they say is encrypted from one to the other; the server "
            "passes it on and keeps nothing.",
    .groups = groups,
    .options = server_options,
    .topics = topics,
    .environment = environment,
    .files = files,
    .see_also = "sottod(8)",
    .print_version = print_version,
};

int main(int argc, char **argv)
{
    if (sotto_check_libcrypto() != SOTTO_OK)
        return cli_failf(NULL,
                         &(struct cli_error){.err = SOTTO_E_UNSUPPORTED,
                                             .todo = "install OpenSSL 3.5 or newer, once"},
                         "libcrypto %s is older than 3.5, or not the only one that was loaded",
                         OpenSSL_version(OPENSSL_VERSION_STRING));
    return cli_main(&program, argc, argv);
}
