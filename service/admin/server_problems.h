#ifndef GATEHOUSE_SERVICE_ADMIN_SERVER_PROBLEMS_H_
#define GATEHOUSE_SERVICE_ADMIN_SERVER_PROBLEMS_H_

#include <string>

#include "auth/signing_key/keyring.h"
#include "auth/tenant/tenant_directory.h"
#include "base/time.h"
#include "storage/server/server_store.h"

namespace gatehouse::service {

// What is wrong with a part of the server, for people; empty if nothing is. The server's health
// says so to whoever asks, its alerts to those who do not.

// With the order of the log.
std::string LogProblem(const storage::DatabaseInspection& database);
// With the daily partitions.
std::string PartitionProblem(const storage::DatabaseInspection& database);
// With the signing keys of the tenants that are active: none signs, or the one that does is about
// to have done so for as long as it should, and its successor, which is published before, is
// missing.
std::string KeyProblem(const auth::Keyring& keyring, const auth::TenantDirectory& tenants,
                       base::Time now);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ADMIN_SERVER_PROBLEMS_H_
