#include "service/common/filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/text/encoding.h"
#include "service/common/filter_lexer.h"

namespace gatehouse::service {
namespace {

// Longer than any filter of a few terms: the bound of the work.
constexpr size_t kMaxFilterBytes = 2048;
constexpr size_t kMaxTerms = 16;

std::optional<FilterTerm::Op> OpOf(std::string_view text) {
  using Op = FilterTerm::Op;
  constexpr std::pair<std::string_view, Op> kOps[] = {{"<=", Op::kLessOrEqual},
                                                      {">=", Op::kGreaterOrEqual},
                                                      {"<", Op::kLess},
                                                      {">", Op::kGreater},
                                                      {"=", Op::kEqual}};
  for (const auto& [name, op] : kOps) {
    if (name == text) return op;
  }
  return std::nullopt;
}

class Parser {
 public:
  Parser(std::string_view text, std::span<const FilterField> fields)
      : lexer_(text), fields_(fields) {}

  absl::StatusOr<std::vector<FilterTerm>> Parse() {
    std::vector<FilterTerm> terms;
    lexer_.SkipBlanks();
    if (lexer_.AtEnd()) return terms;
    while (true) {
      GH_ASSIGN_OR_RETURN(FilterTerm term, ParseTerm());
      const FilterField& field = *Find(term.field);
      if (!field.range && std::ranges::count(terms, term.field, &FilterTerm::field) > 0) {
        return InvalidFilter("\"" + term.field + "\" stands there twice");
      }
      terms.push_back(std::move(term));
      if (terms.size() > kMaxTerms) return InvalidFilter("has more than 16 terms");
      lexer_.SkipBlanks();
      if (lexer_.AtEnd()) return terms;
      if (lexer_.TakeWord() != "AND") return Unexpected("AND");
      lexer_.SkipBlanks();
    }
  }

 private:
  absl::StatusOr<FilterTerm> ParseTerm() {
    FilterTerm term;
    term.field = lexer_.TakeWord();
    if (term.field.empty()) return Unexpected("a field");
    const FilterField* field = Find(term.field);
    if (field == nullptr) {
      return InvalidFilter("\"" + term.field + "\" cannot be filtered by; fields: " + Names());
    }
    lexer_.SkipBlanks();
    const size_t at = lexer_.position();
    const std::optional<FilterTerm::Op> op = OpOf(lexer_.TakeOperator().value_or(""));
    if (!op) return UnexpectedAt(at, field->range ? "one of = < <= > >=" : "=");
    if (*op != FilterTerm::Op::kEqual && !field->range) {
      return InvalidFilter("\"" + term.field + "\" can only be compared with =");
    }
    term.op = *op;
    lexer_.SkipBlanks();
    GH_RETURN_IF_ERROR(ParseValue(*field, term));
    return term;
  }

  absl::Status ParseValue(const FilterField& field, FilterTerm& term) {
    std::optional<FilterLexer::Value> value = lexer_.TakeValue();
    if (!value) return Unexpected("a closing quotation mark");
    if (value->text.empty() && !value->quoted) return Unexpected("a value");
    term.value = std::move(value->text);
    const std::optional<size_t> wildcard = value->wildcard;
    if (!wildcard) return absl::OkStatus();
    if (*wildcard + 1 < term.value.size()) {
      return InvalidFilter("\"" + term.field +
                           "\": an asterisk stands at the end or, as itself, in quotation marks "
                           "after a backslash");
    }
    if (!field.prefix || term.op != FilterTerm::Op::kEqual) {
      return InvalidFilter("\"" + term.field + "\" does not take a prefix");
    }
    term.op = FilterTerm::Op::kPrefix;
    term.value.pop_back();
    return absl::OkStatus();
  }

  const FilterField* Find(std::string_view name) const {
    const auto field = std::ranges::find(fields_, name, &FilterField::name);
    return field == fields_.end() ? nullptr : &*field;
  }

  std::string Names() const {
    std::string names;
    for (const FilterField& field : fields_) {
      if (!names.empty()) names += ", ";
      names += field.name;
    }
    return names;
  }

  absl::Status Unexpected(std::string_view wanted) const {
    return UnexpectedAt(lexer_.position(), wanted);
  }
  static absl::Status UnexpectedAt(size_t at, std::string_view wanted) {
    return InvalidFilter("at byte " + std::to_string(at) + ": expected " + std::string(wanted));
  }

  FilterLexer lexer_;
  const std::span<const FilterField> fields_;
};

}  // namespace

absl::StatusOr<std::vector<FilterTerm>> ParseFilter(std::string_view filter,
                                                    std::span<const FilterField> fields) {
  if (filter.size() > kMaxFilterBytes) return InvalidFilter("is longer than 2048 bytes");
  if (!base::IsValidUtf8(filter)) return InvalidFilter("is not valid UTF-8");
  return Parser(filter, fields).Parse();
}

absl::Status InvalidFilter(std::string_view description) {
  return base::InvalidField("filter", description, base::Reason::kInvalidFilter);
}

}  // namespace gatehouse::service
