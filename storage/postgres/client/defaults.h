#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_DEFAULTS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_DEFAULTS_H_

#include <chrono>

namespace gatehouse::storage::postgres {

// The upper bound of every statement unless somebody sets another: what the setting
// database.statement_timeout_ms and Database itself begin with.
inline constexpr std::chrono::milliseconds kDefaultStatementTimeout{10'000};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_DEFAULTS_H_
