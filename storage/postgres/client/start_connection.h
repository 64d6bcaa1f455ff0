#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_START_CONNECTION_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_START_CONNECTION_H_

#include "storage/postgres/client/dsn.h"

struct pg_conn;

namespace gatehouse::storage::postgres {

// PQconnectStartParams, the only way to a connection: what Postgres tells beside its answers goes
// to the log from the first byte on. Of libpq's other ways the first words would go to standard
// error as they are. Warnings, such as that of a collation whose version changed, and what is worse
// are warnings of ours; lesser notices ("relation exists, skipping") are for who debugs. Null if
// there is no memory.
pg_conn* StartConnection(const DsnValues& values);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_START_CONNECTION_H_
