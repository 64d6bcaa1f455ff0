#include "storage/postgres/client/dsn.h"

#include <libpq-fe.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::storage::postgres {
namespace {

constexpr char kEscape[] = "; in a URI, '/' in a password is %2F and '@' is %40";

// libpq quotes what it did not understand. That may be a piece of a password, which
// ends at a blank unless it stands in quotes.
std::string WithoutQuotation(std::string_view message) {
  const size_t begin = message.find('"');
  if (begin == std::string_view::npos) return std::string(message);
  return std::string(message.substr(0, begin)) + "..." +
         std::string(message.substr(message.rfind('"') + 1));
}

bool IsPort(const std::string& text) {
  int port = 0;
  return text.empty() || (absl::SimpleAtoi(text, &port) && port >= 1 && port <= 65535);
}

// An address of a Unix socket may begin with '@'.
bool IsHost(std::string_view text) { return text.find('@', 1) == std::string_view::npos; }

absl::Status CheckValue(std::string_view keyword, const std::string& value) {
  const std::vector<std::string> items = absl::StrSplit(value, ',');
  for (const std::string& item : items) {
    if (keyword == "port" && !IsPort(item)) {
      return base::InvalidField("dsn", std::string("its port is no number") + kEscape);
    }
    if (keyword == "host" && !IsHost(item)) {
      return base::InvalidField("dsn", std::string("its host has an '@' in it") + kEscape);
    }
  }
  return absl::OkStatus();
}

bool IsListOfHosts(std::string_view keyword) {
  return keyword == "host" || keyword == "hostaddr" || keyword == "port";
}

// In `values`, const or not.
auto Find(auto& values, std::string_view keyword) {
  return std::ranges::find(values, keyword, [](const auto& value) { return value.first; });
}

}  // namespace

absl::StatusOr<DsnValues> ParseDsn(const std::string& dsn) {
  char* error = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(dsn.c_str(), &error), &PQconninfoFree);
  if (!parsed) {
    std::string why = error == nullptr ? "out of memory" : WithoutQuotation(error);
    PQfreemem(error);
    if (why.ends_with('\n')) why.pop_back();
    return base::InvalidField("dsn", why);
  }
  DsnValues values;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    values.emplace_back(option->keyword, option->val);
    GH_RETURN_IF_ERROR(CheckValue(values.back().first, values.back().second));
  }
  return values;
}

std::string DsnValue(const DsnValues& values, std::string_view keyword) {
  const auto found = Find(values, keyword);
  return found == values.end() ? "" : found->second;
}

void SetDsnValue(DsnValues& values, std::string_view keyword, std::string value) {
  SetDsnDefault(values, keyword, "");
  Find(values, keyword)->second = std::move(value);
}

void SetDsnDefault(DsnValues& values, std::string_view keyword, std::string value) {
  if (Find(values, keyword) == values.end()) values.emplace_back(keyword, std::move(value));
}

DsnValues RotateHosts(DsnValues values, size_t by) {
  for (auto& [keyword, value] : values) {
    if (!IsListOfHosts(keyword)) continue;
    std::vector<std::string> items = absl::StrSplit(value, ',');
    std::ranges::rotate(items, items.begin() + static_cast<ptrdiff_t>(by % items.size()));
    value = absl::StrJoin(items, ",");
  }
  return values;
}

size_t CountHosts(const DsnValues& values) {
  size_t most = 1;
  for (const auto& [keyword, value] : values) {
    if (!IsListOfHosts(keyword)) continue;
    most = std::max(most, 1 + static_cast<size_t>(std::ranges::count(value, ',')));
  }
  return most;
}

absl::StatusOr<std::string> ReadPasswordFile(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) {
    return base::InvalidField("password_file", "cannot read " + path);
  }
  return std::string(base::WithoutLineEnd(line));
}

}  // namespace gatehouse::storage::postgres
