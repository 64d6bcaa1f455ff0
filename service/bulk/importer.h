#ifndef GATEHOUSE_SERVICE_BULK_IMPORTER_H_
#define GATEHOUSE_SERVICE_BULK_IMPORTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/call_context.h"
#include "gatehouse/v1/user.pb.h"
#include "service/user/bulk/import_state.h"

namespace gatehouse::service {

class UserService;

// How far an import has got.
struct ImportProgress {
  // Of the input.
  uint64_t bytes = 0;
  int64_t rows = 0;
  int64_t created = 0;
  // Done by an earlier run.
  int64_t skipped = 0;
  int64_t failed = 0;
};

// Brings users from a file into the database, through the handler that serves callers: same checks,
// same events. The file has one user a line: an ImportedUser as JSON. Blank lines are none.
//
// It holds one batch in memory, however long the file is. With a key a second run goes on where the
// first one stopped.
//
// Thread: one that is no loop; blocks.
class Importer {
 public:
  struct Options {
    UserService& users;
    base::Loop& loop;
    // A context of the server itself, for each batch.
    std::function<base::CallContext()> make_context;
    // Empty: nothing is remembered.
    std::string key;
    bool validate_only = false;
    // Told of each line that was not taken, by its number from 1.
    std::function<void(int64_t line, const v1::ImportFailure& failure)> failed;
    // Told after each batch.
    std::function<void(const ImportProgress& progress)> progress;
  };

  explicit Importer(Options options) : options_(std::move(options)) {}

  // Stops at the first batch that cannot be judged; what was done before stays.
  absl::StatusOr<ImportProgress> Run(std::istream& input);

 private:
  // A line that is to become a user.
  struct Line {
    int64_t number = 0;
    v1::ImportedUser user;
    // Empty unless it is none.
    std::string problem;
  };

  // The next lines, none at the end.
  std::vector<Line> ReadBatch(std::istream& input);
  absl::StatusOr<v1::ImportUsersResponse> Send(v1::ImportUsersRequest request);
  absl::Status Take(std::vector<Line> lines);

  const Options options_;
  ImportState state_;
  ImportProgress progress_;
  int64_t line_ = 0;
  // The row of the next line.
  int64_t row_ = 0;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_BULK_IMPORTER_H_
