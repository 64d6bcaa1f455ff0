#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_DSN_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_DSN_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::storage::postgres {

// Keywords and values as libpq takes them, each keyword once.
using DsnValues = std::vector<std::pair<std::string, std::string>>;

// The keywords and values of a libpq connection string or URI. INVALID_FIELD for
// what libpq does not take, and for what only connecting would show, with an error
// that quotes a piece of the password. Errors here show nothing of the DSN.
absl::StatusOr<DsnValues> ParseDsn(const std::string& dsn);

// "" if it is not there.
std::string DsnValue(const DsnValues& values, std::string_view keyword);
void SetDsnValue(DsnValues& values, std::string_view keyword, std::string value);
// Unless it is there.
void SetDsnDefault(DsnValues& values, std::string_view keyword, std::string value);

// The same with its lists of hosts turned by so many places. libpq's asynchronous connect has no
// time limit per host: after an attempt that ran out of time the next one begins with another host.
DsnValues RotateHosts(DsnValues values, size_t by);
// How many attempts begin with different hosts, at least one.
size_t CountHosts(const DsnValues& values);

// The first line of the file. INVALID_FIELD about password_file if there is none.
absl::StatusOr<std::string> ReadPasswordFile(const std::string& path);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_DSN_H_
