#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_SQLSTATE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_SQLSTATE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace gatehouse::storage::postgres {

// What Postgres says about a failed statement.
struct ServerError {
  std::string sqlstate;    // Five characters.
  std::string message;     // For the log; never shown to callers, except the reason of GH001.
  std::string constraint;  // The violated constraint, if it is about one.
  std::string query;       // Query::name of the statement, for the log.
};

// The only place where a SQLSTATE becomes a status, by code and never by text:
//
//   23505                 ALREADY_EXISTS       CONFLICT, metadata "constraint"
//   23xxx otherwise       FAILED_PRECONDITION  CONSTRAINT_VIOLATED, metadata "constraint"
//   40001 40P01 55P03     ABORTED              CONFLICT
//   57014                 DEADLINE_EXCEEDED    DEADLINE: statement_timeout; whoever sent a cancel
//                                              request decides before asking here
//   08xxx 57P0x 25006     UNAVAILABLE          DATABASE_UNAVAILABLE
//   53300                 RESOURCE_EXHAUSTED   STORAGE_OVERLOADED, with a retry delay
//   53100                 RESOURCE_EXHAUSTED   STORAGE_FULL
//   GH001                 the code of the reason named by the message, raised by
//                         gatehouse.require(ok, reason)
//   everything else       INTERNAL
absl::Status ToStatus(const ServerError& error);

// The constraint that `status`, from ToStatus, is about; empty if none. With it
// a repository turns a violation into the reason of its domain.
std::string ViolatedConstraint(const absl::Status& status);

// True when `status` says that this unique constraint or index was violated.
bool IsUniqueViolation(const absl::Status& status, std::string_view constraint);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_SQLSTATE_H_
