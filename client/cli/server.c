/* server.c - which server, and the servers that were met: `sotto server list|forget`. */
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "host/connection.h"
#include "host/known_servers.h"

#define TIMEOUT_MAX_S 86400

const struct cli_option server_options[] = {
    {"server", 0, "HOST[:PORT]",
     "the server to talk through; else $SOTTO_SERVER, else 127.0.0.1:5000"},
    {"timeout", 0, "SEC", "how long to wait for the server's answer; 10 seconds if not given"},
    {0},
};

int server_address_get(const struct cli_call *call, struct server_address *ret_address)
{
    const char *text = cli_value(call, "server"), *from = "--server";
    if (text == NULL) {
        text = getenv("SOTTO_SERVER");
        from = "SOTTO_SERVER";
    }
    if (text == NULL || *text == '\0')
        text = "127.0.0.1";
    if (address_read(text, ret_address) == SOTTO_OK)
        return 0;
    struct cli_error error = {.err = SOTTO_E_CONFIG,
                              .todo = "write HOST, HOST:PORT or [IPV6]:PORT"};
    return cli_failf(call, &error, "%s is not the address of a server: \"%.100s\"", from, text);
}

int server_timeout_get(const struct cli_call *call, uint64_t *ret_ms)
{
    const char *text = cli_value(call, "timeout");
    uint64_t seconds = CONNECTION_TIMEOUT_MS / 1000;
    if (text != NULL && cli_number_read(text, 1, TIMEOUT_MAX_S, &seconds) != SOTTO_OK) {
        struct cli_error error = {.err = SOTTO_E_USAGE,
                                  .todo = "give whole seconds, from 1 to 86400"};
        return cli_failf(call, &error, "--timeout takes seconds, not \"%.60s\"", text);
    }
    *ret_ms = seconds * 1000;
    return 0;
}

static int fail_known(const struct cli_call *call, const struct known_servers *known, sotto_err err)
{
    if (err == SOTTO_E_CONFIG && known->bad_line > 0)
        return cli_failf(call,
                         &(struct cli_error){.err = err, .todo = "correct that line, or remove it"},
                         "line %zu of %s is not valid", known->bad_line, known->path);
    return cli_failf(
        call, &(struct cli_error){.err = err, .todo = "look at the file and who may read it"},
        "cannot use %s: %s", known->path,
        known->system != 0 ? strerror(known->system) : sotto_err_text(err));
}

static void line_print(const struct cli_call *call, const struct pin_line *line)
{
    char pin[X509_PIN_TEXT];
    x509_pin_write(line->pin, pin);
    if (!call->json) {
        printf("%-28s %s  %s\n", line->address, pin, line->date);
        return;
    }
    struct cli_json j = cli_json_begin(stdout);
    cli_json_number(&j, "v", 1);
    cli_json_string(&j, "address", line->address);
    cli_json_string(&j, "pin", pin);
    cli_json_string(&j, "since", line->date);
    cli_json_end(&j);
}

static int run_list(struct cli_call *call)
{
    struct known_servers known;
    sotto_err err = known_servers_load(&known);
    int status = err != SOTTO_OK ? fail_known(call, &known, err) : 0;
    if (err == SOTTO_OK && known.pins.count == 0 && isatty(STDOUT_FILENO) == 1 && !call->quiet)
        fputs("no server was met yet\n", stderr);
    for (size_t i = 0; err == SOTTO_OK && i < known.pins.count; i++)
        line_print(call, &known.pins.lines[i]);
    known_servers_clear(&known);
    return status;
}

static int run_forget(struct cli_call *call)
{
    struct known_servers known = {0};
    struct server_address address;
    if (address_read(call->operands[0], &address) != SOTTO_OK)
        return cli_failf(call,
                         &(struct cli_error){.err = SOTTO_E_USAGE, .try = "sotto server list"},
                         "not the address of a server: \"%.100s\"", call->operands[0]);
    sotto_err err = known_servers_load(&known);
    if (err == SOTTO_OK)
        err = known_servers_forget(&known, &address);
    int status = 0;
    if (err == SOTTO_E_NOTFOUND)
        status = cli_failf(call, &(struct cli_error){.err = err, .try = "sotto server list"},
                           "no server %s is known", address.text);
    else if (err != SOTTO_OK)
        status = fail_known(call, &known, err);
    else if (!call->quiet && !call->json)
        printf("forgot %s; its key will be kept anew at the next contact\n", address.text);
    known_servers_clear(&known);
    return status;
}

const struct cli_command server_commands[] = {
    {"server list", NULL, 0, 0, "list the servers that were met, with their pins",
     "Each line is an address, the pin of the server's root key, and the day of the first contact. "
     "Compare the pin with what the "
     "operator's sottod prints when it starts.",
     NULL, run_list},
    {"server forget", "HOST[:PORT]", 1, 1, "forget a server's pin",
     "The next contact keeps the key that the server then has. Do this only when the operator says "
     "that the server was set up anew: "
     "otherwise someone may be standing in the middle.",
     NULL, run_forget},
    {0},
};
