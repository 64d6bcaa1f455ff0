#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CONNECT_PARAMS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CONNECT_PARAMS_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/dsn.h"

namespace gatehouse::storage::postgres {

// The parts of a DSN, with what a DatabaseConfig adds to it. Immutable.
class ConnectParams {
 public:
  // INVALID_ARGUMENT, as ParseDsn makes it, for a DSN that is none.
  static absl::StatusOr<ConnectParams> Parse(const DatabaseConfig& config);

  // Keywords and values for libpq; `rotation` turns the list of hosts (RotateHosts). Reads the
  // password file.
  DsnValues Build(size_t rotation) const;

 private:
  ConnectParams() = default;

  DsnValues values_;
  std::string password_file_;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CONNECT_PARAMS_H_
