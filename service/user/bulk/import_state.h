#ifndef GATEHOUSE_SERVICE_USER_BULK_IMPORT_STATE_H_
#define GATEHOUSE_SERVICE_USER_BULK_IMPORT_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "storage/user_import/user_import.h"

namespace gatehouse::service {

// Where an import stands, as its stream knows. Lives as long as the stream.
struct ImportState {
  // The row after the last of the message before.
  int64_t next_row = 0;
  // Of the message before; what is remembered of it.
  std::string key = {};
  std::optional<int64_t> stored_row = std::nullopt;
};

// The rows of one message by their numbers: those that are good so far, and why the others are not.
struct ImportBatchRows {
  std::map<int64_t, storage::NewUser> rows = {};
  std::map<int64_t, absl::Status> failures = {};
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_IMPORT_STATE_H_
