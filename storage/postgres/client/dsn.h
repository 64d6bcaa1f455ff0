#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_DSN_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_DSN_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::storage::postgres {

// The keywords and values of a libpq connection string or URI. INVALID_FIELD for
// what libpq does not take, and for what only connecting would show, with an error
// that quotes a piece of the password. Errors here show nothing of the DSN.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseDsn(const std::string& dsn);

// The first line of the file. INVALID_FIELD about password_file if there is none.
absl::StatusOr<std::string> ReadPasswordFile(const std::string& path);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_DSN_H_
