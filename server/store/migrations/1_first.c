/* The log: rows stand in the order in which they were appended, so that appending touches the last page alone, whatever stream it
 * is for. log_at says where entries stand up to the place in log_mark; what comes behind it the server knows by itself. Tables are
 * small rows in the order of their keys. */
#include "store/migrations/list.h"

#define TABLE(name)                                                                           \
    "CREATE TABLE \"" name "\" (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, " \
    "WITHOUT ROWID;"

const char migration_1[] =
    "CREATE TABLE log (place INTEGER PRIMARY KEY, stream INTEGER NOT NULL, seq INTEGER NOT NULL, "
    "body BLOB NOT NULL) STRICT;"
    "CREATE TABLE log_at (stream INTEGER NOT NULL, seq INTEGER NOT NULL, place INTEGER NOT NULL, "
    "PRIMARY KEY (stream, seq)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE log_mark (place INTEGER NOT NULL) STRICT;"
    "INSERT INTO log_mark (place) VALUES (0);" /* */
    TABLE("meta") TABLE("account") TABLE("account_by_id") TABLE("account_by_name") TABLE("rotation")
        TABLE("device") TABLE("device_by_id") TABLE("key_package") TABLE("last_resort")
            TABLE("invite") TABLE("password") TABLE("stream") TABLE("stream_by_id")
                TABLE("subscription") TABLE("subscribed") TABLE("header") TABLE("state")
                    TABLE("answers") TABLE("journal") TABLE("blob") TABLE("blob_expiry")
                        TABLE("due") TABLE("mail") TABLE("invited") TABLE("blob_of")
                            TABLE("conversations") TABLE("left");
