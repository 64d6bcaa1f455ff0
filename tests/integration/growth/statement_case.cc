#include "tests/integration/growth/statement_case.h"

#include <cstddef>
#include <fstream>
#include <string_view>
#include <utility>

#include "tests/support/postgres/all_queries.h"

namespace gatehouse::tests {
namespace {

constexpr std::string_view kExample = "-- For example: ";
constexpr std::string_view kExampleAfter = "-- For example, after ";
constexpr std::string_view kNoParameters = "-- For example, without parameters.";
constexpr std::string_view kNotMeasured = "-- Not measured: ";
constexpr std::string_view kGoesOn = "--   ";

// Whether `line` begins with `prefix`, which is taken off then.
bool Consume(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

// `parameters` of one call as those of a statement for many: an array for each.
std::string ForMany(std::string_view parameters) {
  std::string arrays = "ARRAY[";
  int depth = 0;
  for (const char c : parameters) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      arrays += "], ARRAY[";
    } else {
      arrays += c;
    }
  }
  return arrays + "]";
}

// The lines of the file of a statement, those that go on joined to the one before.
std::vector<std::string> ReadLines(const storage::postgres::Query& query) {
  const size_t slash = query.name.find('/');
  std::ifstream file("storage/" + std::string(query.name.substr(0, slash)) + "/queries" +
                     std::string(query.name.substr(slash)) + ".sql");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    std::string_view rest = line;
    if (!lines.empty() && Consume(rest, kGoesOn)) {
      lines.back() += " " + std::string(rest);
    } else {
      lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace

Examples ExamplesOf(const storage::postgres::Query& query) {
  Examples examples;
  for (const std::string& line : ReadLines(query)) {
    std::string_view rest = line;
    if (rest == kNoParameters) {
      examples.cases.push_back({query, ""});
    } else if (Consume(rest, kExample)) {
      examples.cases.push_back({query, std::string(rest)});
    } else if (Consume(rest, kExampleAfter)) {
      const std::string before(rest.substr(0, rest.find(": ")));
      if (Consume(rest, before + ": ")) {
        examples.cases.push_back({query, std::string(rest), "SELECT " + before});
      }
    } else if (Consume(rest, kNotMeasured)) {
      examples.why_none = std::string(rest);
    }
  }
  return examples;
}

std::vector<StatementCase> AllCases() {
  std::vector<StatementCase> all;
  for (const storage::postgres::Query& query : AllQueries()) {
    for (StatementCase& example : ExamplesOf(query).cases) {
      if (query.many != nullptr) all.push_back({*query.many, ForMany(example.parameters)});
      all.push_back(std::move(example));
    }
  }
  return all;
}

}  // namespace gatehouse::tests
