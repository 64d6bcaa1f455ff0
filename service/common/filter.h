#ifndef GATEHOUSE_SERVICE_COMMON_FILTER_H_
#define GATEHOUSE_SERVICE_COMMON_FILTER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::service {

// `field op "value"`.
struct FilterTerm {
  enum class Op { kEqual, kPrefix, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

  std::string field;
  Op op = Op::kEqual;
  std::string value;

  friend bool operator==(const FilterTerm&, const FilterTerm&) = default;
};

// A field that an index serves, and how it may be compared. Equality always.
struct FilterField {
  std::string_view name;
  // field = "abc*"
  bool prefix = false;
  // < <= > >=, and more than one term about the field.
  bool range = false;
};

// Parses the subset of AIP-160 that indexes serve: terms joined by AND, each
// `field op value`, the value quoted ("..." or '...', with \ before a quotation mark, an asterisk
// or another \) or bare: up to the next blank, quotation mark or parenthesis, without < > = !. An
// asterisk at the end is a prefix, elsewhere a mistake. An empty filter has no terms.
// docs/filters.md has it for callers.
//
// INVALID_ARGUMENT, INVALID_FILTER says where it went wrong; for a field or
// operator that is not served it names the ones that are.
absl::StatusOr<std::vector<FilterTerm>> ParseFilter(std::string_view filter,
                                                    std::span<const FilterField> fields);

// INVALID_FILTER with that description, for values that do not fit their field.
absl::Status InvalidFilter(std::string_view description);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_FILTER_H_
