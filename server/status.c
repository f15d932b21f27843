#include "status.h"

#include "ask.h"

const char status_text[] = "Asks the running server how it is.\n\n" OPTIONS_TEXT;
const char reload_text[] =
    "Has the running server read its settings and TLS certificate files again, as SIGHUP does. If "
    "anything is wrong with them all stays as it was. Settings that count only from the next start "
    "on are named.";
const char metrics_text[] =
    "Prints the running server's metrics in the text form that Prometheus reads, as /metrics does.";

/* Since the start; nothing of a server that sends none. */
static void mails_print(const json_t *result)
{
    long long waiting = (long long)ask_number(result, "mailsWaiting"),
              sent = (long long)ask_number(result, "mailsSent"),
              failed = (long long)ask_number(result, "mailsFailed"),
              given_up = (long long)ask_number(result, "mailsGivenUp");
    if (waiting + sent + failed + given_up > 0)
        printf("mails        %lld sent, %lld waiting, %lld tries failed, %lld given up\n", sent,
               waiting, failed, given_up);
}

static void certified_print(const json_t *result)
{
    char text[ASK_TIME], accounts[ASK_TIME];
    int64_t end_s = ask_number(result, "certifiedUntil"),
            account_end_s = ask_number(result, "certifiesUntil");
    printf("certified    until %s", ask_time(end_s, text));
    if (!json_is_true(json_object_get(result, "canCertify")))
        printf("; no account can be: the root key is away\n");
    else if (account_end_s < end_s)
        printf("; accounts can be until %s\n", ask_time(account_end_s, accounts));
    else
        printf("%s\n", account_end_s > end_s ? ", then again by itself" : "");
}

static void status_print(const struct cli_call *call, const json_t *result)
{
    (void)call;
    char text[ASK_TIME];
    const json_t *address;
    size_t i;
    printf("sottod       %s, pid %lld\n", ask_text(result, "version"),
           (long long)ask_number(result, "pid"));
    printf("started      %s\n", ask_time(ask_number(result, "started"), text));
    json_array_foreach(json_object_get(result, "listen"), i, address)
        printf("listening    %s\n", json_string_value(address));
    printf("host         %s\n", ask_text(result, "host"));
    printf("pin          %s\n", ask_text(result, "pin"));
    certified_print(result);
    printf("tls          until %s\n", ask_time(ask_number(result, "tlsUntil"), text));
    printf("last backup  %s\n", ask_time(ask_number(result, "lastBackup"), text));
    printf("connections  %lld\n", (long long)ask_number(result, "connections"));
    printf("accounts     %lld, %lld devices signed in\n", (long long)ask_number(result, "accounts"),
           (long long)ask_number(result, "sessions"));
    printf("attachments  %lld, %lld KiB\n", (long long)ask_number(result, "attachments"),
           (long long)((ask_number(result, "attachmentBytes") + 1023) / 1024));
    printf("rooms        %lld\n", (long long)ask_number(result, "rooms"));
    mails_print(result);
    if (json_is_true(json_object_get(result, "diskFull")))
        printf("disk         full: nothing new is accepted\n");
}

int status_run(struct cli_call *call)
{
    return ask_run(call, "status", NULL, status_print);
}

static void reload_print(const struct cli_call *call, const json_t *result)
{
    const char *restart = ask_text(result, "restart");
    if (restart[0] != 0)
        printf("settings read again; these count from the next start on: %s\n", restart);
    else if (!call->quiet)
        printf("settings read again\n");
}

int reload_run(struct cli_call *call)
{
    return ask_run(call, "reload", NULL, reload_print);
}

static void metrics_print(const struct cli_call *call, const json_t *result)
{
    (void)call;
    fputs(ask_text(result, "text"), stdout);
}

int metrics_run(struct cli_call *call)
{
    return ask_run(call, "metrics print", NULL, metrics_print);
}
