#include "migrations/migration.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace gatehouse::migrations {
namespace {

constexpr char kNoTransaction[] = "-- gatehouse: no-transaction";

std::vector<std::string> Lines(std::string_view sql) {
  return absl::StrSplit(absl::string_view(sql.data(), sql.size()), '\n');
}

}  // namespace

bool IsTransactional(std::string_view sql) {
  for (const std::string& line : Lines(sql)) {
    if (absl::StripAsciiWhitespace(line) == kNoTransaction) return false;
    if (!absl::StripAsciiWhitespace(line).empty() && !absl::StartsWith(line, "--")) return true;
  }
  return true;
}

std::vector<std::string> SplitStatements(std::string_view sql) {
  std::vector<std::string> statements;
  std::string current;
  for (const std::string& line : Lines(sql)) {
    absl::string_view trimmed = absl::StripAsciiWhitespace(line);
    if (trimmed.empty() || absl::StartsWith(trimmed, "--")) continue;
    current += (current.empty() ? "" : "\n") + line;
    if (absl::EndsWith(trimmed, ";")) {
      statements.push_back(std::move(current));
      current.clear();
    }
  }
  if (!current.empty()) statements.push_back(current + ";");
  return statements;
}

}  // namespace gatehouse::migrations
