#include "service/common/filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::service {
namespace {

// Longer than any filter of a few terms: the bound of the work.
constexpr size_t kMaxFilterBytes = 2048;
constexpr size_t kMaxTerms = 16;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool IsWordCharacter(char c) {
  return !IsBlank(c) && std::string_view("<>=!:()\"'").find(c) == std::string_view::npos;
}
// Times have colons.
bool IsValueCharacter(char c) { return c == ':' || IsWordCharacter(c); }

class Parser {
 public:
  Parser(std::string_view text, std::span<const FilterField> fields)
      : text_(text), fields_(fields) {}

  absl::StatusOr<std::vector<FilterTerm>> Parse() {
    std::vector<FilterTerm> terms;
    SkipBlanks();
    if (AtEnd()) return terms;
    while (true) {
      GH_ASSIGN_OR_RETURN(FilterTerm term, ParseTerm());
      const FilterField& field = *Find(term.field);
      if (!field.range && std::ranges::count(terms, term.field, &FilterTerm::field) > 0) {
        return InvalidFilter("\"" + term.field + "\" stands there twice");
      }
      terms.push_back(std::move(term));
      if (terms.size() > kMaxTerms) return InvalidFilter("has more than 16 terms");
      SkipBlanks();
      if (AtEnd()) return terms;
      if (Word() != "AND") return Unexpected("AND");
      SkipBlanks();
    }
  }

 private:
  absl::StatusOr<FilterTerm> ParseTerm() {
    FilterTerm term;
    term.field = Word();
    if (term.field.empty()) return Unexpected("a field");
    const FilterField* field = Find(term.field);
    if (field == nullptr) {
      return InvalidFilter("\"" + term.field + "\" cannot be filtered by; fields: " + Names());
    }
    SkipBlanks();
    const std::optional<FilterTerm::Op> op = TakeOp();
    if (!op) return Unexpected(field->range ? "one of = < <= > >=" : "=");
    if (*op != FilterTerm::Op::kEqual && !field->range) {
      return InvalidFilter("\"" + term.field + "\" can only be compared with =");
    }
    term.op = *op;
    SkipBlanks();
    GH_RETURN_IF_ERROR(ParseValue(*field, term));
    return term;
  }

  absl::Status ParseValue(const FilterField& field, FilterTerm& term) {
    // Where the first asterisk is that is not escaped.
    std::optional<size_t> wildcard;
    if (!AtEnd() && (Peek() == '"' || Peek() == '\'')) {
      const char quote = text_[at_++];
      while (!AtEnd() && Peek() != quote) {
        const bool escaped = Peek() == '\\' && at_ + 1 < text_.size();
        if (escaped) ++at_;
        if (Peek() == '*' && !escaped && !wildcard) wildcard = term.value.size();
        term.value += text_[at_++];
      }
      if (AtEnd()) return Unexpected("a closing quotation mark");
      ++at_;
    } else {
      term.value = Take(IsValueCharacter);
      if (term.value.empty()) return Unexpected("a value");
      if (const size_t at = term.value.find('*'); at != std::string::npos) wildcard = at;
    }
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

  std::optional<FilterTerm::Op> TakeOp() {
    using Op = FilterTerm::Op;
    // Longest first.
    constexpr std::pair<std::string_view, Op> kOps[] = {{"<=", Op::kLessOrEqual},
                                                        {">=", Op::kGreaterOrEqual},
                                                        {"<", Op::kLess},
                                                        {">", Op::kGreater},
                                                        {"=", Op::kEqual}};
    for (const auto& [text, op] : kOps) {
      if (!text_.substr(at_).starts_with(text)) continue;
      at_ += text.size();
      return op;
    }
    return std::nullopt;
  }

  std::string Word() { return Take(IsWordCharacter); }

  std::string Take(bool (*is_part)(char)) {
    const size_t begin = at_;
    while (!AtEnd() && is_part(Peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
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
    return InvalidFilter("at byte " + std::to_string(at_) + ": expected " + std::string(wanted));
  }

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return text_[at_]; }
  void SkipBlanks() {
    while (!AtEnd() && IsBlank(Peek())) ++at_;
  }

  const std::string_view text_;
  const std::span<const FilterField> fields_;
  size_t at_ = 0;
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
