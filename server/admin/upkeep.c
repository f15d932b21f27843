#include "admin/upkeep.h"

#include <sotto/version.h>
#include <time.h>
#include <unistd.h>

#include "crypto/rng.h"
#include "net/gauges.h"
#include "net/tls.h"
#include "store/store.h"

#define DAY_S 86400

/* ---- status */

static json_t *listeners(const struct server *server)
{
    json_t *list = json_array();
    char text[ENDPOINT_TEXT];
    for (size_t i = 0; i < server->config.listen_count; i++) {
        endpoint_write(&server->config.listen[i], text);
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static void certificates_put(json_t *result, const struct server *server)
{
    const struct identity *identity = keeper_identity(server->keeper);
    char pin[X509_PIN_TEXT];
    int64_t end_s;
    x509_pin_write(identity->pin, pin);
    json_object_set_new(result, "pin", json_string(pin));
    json_object_set_new(result, "certifiedUntil", json_integer(identity->not_after_s));
    json_object_set_new(result, "certifiesUntil", json_integer(identity->issuer_not_after_s));
    json_object_set_new(result, "canCertify",
                        json_boolean(identity->issuer_not_after_s > (int64_t)time(NULL)));
    if (tls_pem_end(buf_view(&identity->tls), &end_s) == SOTTO_OK)
        json_object_set_new(result, "tlsUntil", json_integer(end_s));
}

static void counts_put(json_t *result, const struct server *server)
{
    const struct core_counts counts = stats_core_get(&server->stats);
    json_object_set_new(result, "connections", json_integer((json_int_t)counts.connections));
    json_object_set_new(result, "accounts", json_integer((json_int_t)counts.accounts));
    json_object_set_new(result, "sessions", json_integer((json_int_t)counts.sessions));
    json_object_set_new(result, "attachments", json_integer((json_int_t)counts.blobs));
    json_object_set_new(result, "attachmentBytes", json_integer((json_int_t)counts.blob_bytes));
    json_object_set_new(result, "rooms", json_integer((json_int_t)counts.rooms_open));
    json_object_set_new(result, "mailsWaiting", json_integer((json_int_t)counts.mails_waiting));
    json_object_set_new(result, "mailsSent", json_integer((json_int_t)counts.mails_sent_total));
    json_object_set_new(result, "mailsFailed", json_integer((json_int_t)counts.mails_failed_total));
    json_object_set_new(result, "mailsGivenUp",
                        json_integer((json_int_t)counts.mails_given_up_total));
}

void admin_on_status(struct admin_call *call)
{
    const struct server *server = admin_server(call);
    json_t *result = json_object();
    json_object_set_new(result, "version", json_string(SOTTO_VERSION));
    json_object_set_new(result, "pid", json_integer(getpid()));
    json_object_set_new(result, "started", json_integer(server->started_s));
    json_object_set_new(result, "host", json_string(server->config.host));
    json_object_set_new(result, "listen", listeners(server));
    json_object_set_new(result, "publicPort", json_integer(server_public_port(&server->config)));
    json_object_set_new(result, "connectionsLimit",
                        json_integer((json_int_t)server_live(server)->core.limits.connections));
    json_object_set_new(result, "diskFull", json_boolean(atomic_load(&server->disk_full)));
    json_object_set_new(result, "schema", json_integer(store_schema()));
    json_object_set_new(result, "lastBackup",
                        json_integer((json_int_t)atomic_load(&server->backup_s)));
    certificates_put(result, server);
    counts_put(result, server);
    admin_succeed(call, result);
}

/* ---- reload, metrics */

void admin_on_reload(struct admin_call *call)
{
    char restart[SERVER_RESTART_TEXT];
    struct failure failure = {0};
    sotto_err err = server_reload(admin_server(call), restart, &failure);
    if (err != SOTTO_OK)
        admin_refuse(call, err, &failure);
    else
        admin_succeed(call, json_pack("{s:s}", "restart", restart));
}

void admin_on_metrics(struct admin_call *call)
{
    DEFER(buf_clear) sotto_buf text = {0};
    struct failure failure = {0};
    sotto_err err = gauges_write(admin_server(call), &text);
    if (err != SOTTO_OK)
        admin_refuse(call, err, &failure);
    else
        admin_succeed(call, json_pack("{s:s%}", "text", (const char *)text.data, text.len));
}

/* ---- keys */

const struct admin_argument rotate_key_arguments[] = {{"intermediate", ARGUMENT_FLAG, false}, {0}};

/* The root key's file comes as a descriptor: the server may not be able to open it. */
static sotto_err root_read(struct admin_call *call, struct secret *ret_root,
                           struct failure *failure)
{
    int fd = admin_file_take(call);
    if (fd < 0)
        return SOTTO_OK;
    sotto_crypto *c;
    sotto_err err = sotto_crypto_new(&c);
    if (err == SOTTO_OK) {
        err = identity_root_take(c, fd, ROTATE_KEY_FILE, ret_root, failure);
        sotto_crypto_free(c);
    }
    close(fd);
    return err;
}

static sotto_err rotate(struct admin_call *call, struct failure *failure)
{
    struct server *server = admin_server(call);
    DEFER(secret_clear) struct secret root = {0};
    if (admin_of(call)->backup != NULL) /* it would hold some of the old and some of the new */
        return failure_say(failure, SOTTO_E_IN_USE, "a backup is being made: try again after it");
    TRY(root_read(call, &root, failure));
    const struct identity_change change = {
        .root = root.len > 0 ? &root : NULL,
        .new_intermediate = admin_flag(admin_arguments(call), "intermediate"),
        .new_server_key = true,
    };
    TRY(keeper_change(server->keeper, (int64_t)time(NULL), &change, failure));
    log_line(server->log, "keys", "there is a new server key");
    server_take_keys(server); /* the core signs with it, too */
    return SOTTO_OK;
}

void admin_on_rotate_key(struct admin_call *call)
{
    struct failure failure = {0};
    sotto_err err = rotate(call, &failure);
    if (err != SOTTO_OK) {
        admin_refuse(call, err, &failure);
        return;
    }
    json_t *result = json_object();
    certificates_put(result, admin_server(call));
    admin_succeed(call, result);
}
