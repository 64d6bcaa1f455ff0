#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_NOTICES_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_NOTICES_H_

#include <libpq-fe.h>

namespace gatehouse::storage::postgres {

// What Postgres tells beside its answers goes to the log: warnings, such as that of a collation
// whose version changed, and what is worse. Lesser notices ("relation exists, skipping") go
// nowhere. To be called right after PQconnectStart, since libpq writes to standard error until
// then, and the first notices come while it connects.
void LogNotices(PGconn* connection);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_NOTICES_H_
