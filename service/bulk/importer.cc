#include "service/bulk/importer.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/async/run_on_loop.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

// As many as the handler takes, and of large ones so many that a batch stays below what a message
// may have.
constexpr size_t kBatchRows = 500;
constexpr size_t kBatchBytes = size_t{2} << 20;
// Much more than a user may have.
constexpr size_t kMaxLineBytes = size_t{1} << 20;

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Empty if it is an ImportedUser.
std::string Parse(const std::string& line, v1::ImportedUser& user) {
  if (line.size() > kMaxLineBytes) return "the line is longer than 1 MiB";
  const auto parsed = google::protobuf::util::JsonStringToMessage(line, &user);
  if (parsed.ok()) return "";
  user.Clear();
  return "is no ImportedUser as JSON: " + std::string(parsed.message());
}

v1::ImportFailure NotParsed(int64_t row, const std::string& problem) {
  v1::ImportFailure failure;
  failure.set_row(row);
  failure.set_reason(std::string(base::ReasonName(base::Reason::kMalformedRequest)));
  failure.set_message(problem);
  return failure;
}

}  // namespace

std::vector<Importer::Line> Importer::ReadBatch(std::istream& input) {
  std::vector<Line> lines;
  size_t bytes = 0;
  std::string text;
  while (lines.size() < kBatchRows && bytes < kBatchBytes && std::getline(input, text)) {
    ++line_;
    bytes += text.size() + 1;
    progress_.bytes += text.size() + 1;
    if (IsBlank(text)) continue;
    Line line{.number = line_, .user = {}, .problem = {}};
    line.problem = Parse(text, line.user);
    lines.push_back(std::move(line));
  }
  return lines;
}

absl::StatusOr<v1::ImportUsersResponse> Importer::Send(v1::ImportUsersRequest request) {
  request.set_import_key(options_.key);
  request.set_validate_only(options_.validate_only);
  return base::RunOnLoop<absl::StatusOr<v1::ImportUsersResponse>>(options_.loop, [&] {
    return options_.users.ImportBatch(options_.make_context(), std::move(request), &state_);
  });
}

absl::Status Importer::Take(std::vector<Line> lines) {
  v1::ImportUsersRequest request;
  request.set_first_row(row_);
  for (Line& line : lines) {
    // One that is none keeps its place: it is refused there as well.
    *request.add_users() = std::move(line.user);
  }
  GH_ASSIGN_OR_RETURN(const v1::ImportUsersResponse response, Send(std::move(request)));
  for (const v1::ImportFailure& failure : response.failures()) {
    const Line& line = lines[static_cast<size_t>(failure.row() - row_)];
    options_.failed(line.number,
                    line.problem.empty() ? failure : NotParsed(failure.row(), line.problem));
  }
  row_ += static_cast<int64_t>(lines.size());
  progress_.rows = row_;
  progress_.created += response.created_count();
  progress_.skipped += response.skipped_count();
  progress_.failed += response.failures_size();
  options_.progress(progress_);
  return absl::OkStatus();
}

absl::StatusOr<ImportProgress> Importer::Run(std::istream& input) {
  while (true) {
    std::vector<Line> lines = ReadBatch(input);
    if (lines.empty()) break;
    GH_RETURN_IF_ERROR(Take(std::move(lines)));
  }
  if (input.bad()) return base::InvalidField("FILE", "cannot be read to its end");
  return progress_;
}

}  // namespace gatehouse::service
