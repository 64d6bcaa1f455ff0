#include "service/delivery/payload_filter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/text/encoding.h"
#include "service/common/filter_lexer.h"

namespace gatehouse::service::delivery {
namespace {

using nlohmann::json;

enum class Kind { kAnd, kOr, kNot, kTerm };
enum class Op { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kHas };

constexpr std::pair<std::string_view, Op> kOps[] = {
    {"=", Op::kEqual},   {"!=", Op::kNotEqual},       {"<", Op::kLess}, {"<=", Op::kLessOrEqual},
    {">", Op::kGreater}, {">=", Op::kGreaterOrEqual}, {":", Op::kHas}};

// `data.tags : "x"`
struct Term {
  // Below `data`.
  std::vector<std::string> names;
  Op op = Op::kEqual;
  json value;
  // What begins with the value, a text.
  bool prefix = false;
  // `:*`, whatever it is.
  bool present = false;
};

}  // namespace

struct PayloadFilter::Expression {
  Kind kind = Kind::kTerm;
  // Of kAnd and kOr at least two, of kNot one.
  std::vector<std::shared_ptr<const Expression>> parts;
  Term term;
};

namespace {

using Expression = PayloadFilter::Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

// A bare value as JSON has it: true, false, null, a number, or text.
json ValueOf(const FilterLexer::Value& value) {
  if (value.quoted) return value.text;
  if (value.text == "true") return true;
  if (value.text == "false") return false;
  if (value.text == "null") return nullptr;
  double number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(number)) return number;
  return value.text;
}

// AND and OR do not stand side by side without parentheses: readers do not agree which binds
// tighter, nor does AIP-160 with other languages.
class Parser {
 public:
  Parser(std::string_view text, std::string_view field) : lexer_(text), field_(field) {}

  absl::StatusOr<ExpressionPtr> Parse() {
    lexer_.SkipBlanks();
    if (lexer_.AtEnd()) return ExpressionPtr();
    GH_ASSIGN_OR_RETURN(ExpressionPtr all, ParseChain(0));
    if (!lexer_.AtEnd()) return Expected("AND, OR or the end");
    return all;
  }

 private:
  // Terms joined by AND, or by OR; ends before what is neither.
  absl::StatusOr<ExpressionPtr> ParseChain(int depth) {
    Expression chain;
    std::string joint;
    while (true) {
      GH_ASSIGN_OR_RETURN(ExpressionPtr part, ParsePart(depth));
      chain.parts.push_back(std::move(part));
      lexer_.SkipBlanks();
      const size_t at = lexer_.position();
      const std::string word = lexer_.TakeWord();
      if (word.empty()) break;
      if (word != "AND" && word != "OR") return ExpectedAt(at, "AND or OR");
      if (!joint.empty() && word != joint) {
        return Wrong(at, "put parentheses around what AND or OR joins where both are used");
      }
      joint = word;
    }
    if (chain.parts.size() == 1) return chain.parts.front();
    chain.kind = joint == "AND" ? Kind::kAnd : Kind::kOr;
    return std::make_shared<const Expression>(std::move(chain));
  }

  absl::StatusOr<ExpressionPtr> ParsePart(int depth) {
    lexer_.SkipBlanks();
    const size_t at = lexer_.position();
    if (depth > kMaxDepth) return Wrong(at, "is nested more than 8 levels deep");
    if (lexer_.TakeIf('(')) {
      GH_ASSIGN_OR_RETURN(ExpressionPtr inner, ParseChain(depth + 1));
      if (!lexer_.TakeIf(')')) return Expected("AND, OR or )");
      return inner;
    }
    const std::string path = lexer_.TakeWord();
    if (path != "NOT") return ParseTerm(at, path);
    GH_ASSIGN_OR_RETURN(ExpressionPtr part, ParsePart(depth + 1));
    return std::make_shared<const Expression>(
        Expression{.kind = Kind::kNot, .parts = {std::move(part)}, .term = {}});
  }

  absl::StatusOr<ExpressionPtr> ParseTerm(size_t at, std::string path) {
    Term term;
    GH_RETURN_IF_ERROR(ParsePath(at, std::move(path), term));
    lexer_.SkipBlanks();
    const size_t op_at = lexer_.position();
    const std::optional<std::string_view> op = lexer_.TakeOperator();
    if (!op) return Expected("one of = != < <= > >= :");
    term.op = std::ranges::find(kOps, *op, &std::pair<std::string_view, Op>::first)->second;
    lexer_.SkipBlanks();
    GH_RETURN_IF_ERROR(ParseValue(op_at, term));
    if (++terms_ > PayloadFilter::kMaxTerms) return Wrong(at, "has more than 16 terms");
    return std::make_shared<const Expression>(
        Expression{.kind = Kind::kTerm, .parts = {}, .term = std::move(term)});
  }

  // Names joined by dots, those that are no words in quotation marks: data.order."a b".
  absl::Status ParsePath(size_t at, std::string word, Term& term) {
    if (word != "data" && !word.starts_with("data.")) {
      return ExpectedAt(at, "a field of the data, such as data.amount, NOT or (");
    }
    // Of "data." and "data.order." something is still to come: a name in quotation marks.
    std::string_view rest = std::string_view(word).substr(4);
    while (true) {
      while (rest.size() > 1) {
        rest.remove_prefix(1);
        const size_t end = std::min(rest.find('.'), rest.size());
        if (end == 0) return ExpectedAt(at, "a name between two dots");
        term.names.emplace_back(rest.substr(0, end));
        rest.remove_prefix(end);
      }
      if (rest.empty()) break;
      const size_t name_at = lexer_.position();
      const std::optional<FilterLexer::Value> name = lexer_.TakeValue();
      if (!name || !name->quoted || name->text.empty()) {
        return ExpectedAt(name_at, "a name after the dot");
      }
      term.names.push_back(name->text);
      word = lexer_.TakeWord();
      rest = word;
      if (!rest.empty() && rest.front() != '.') return ExpectedAt(name_at, "a dot after the name");
    }
    if (term.names.empty()) return ExpectedAt(at, "a field of the data, such as data.amount");
    if (term.names.size() > PayloadFilter::kMaxNames) {
      return Wrong(at, "names a field more than 16 levels deep");
    }
    return absl::OkStatus();
  }

  absl::Status ParseValue(size_t op_at, Term& term) {
    const size_t at = lexer_.position();
    std::optional<FilterLexer::Value> value = lexer_.TakeValue();
    if (!value) return Expected("a closing quotation mark");
    if (value->text.empty() && !value->quoted) return ExpectedAt(at, "a value");
    if (value->wildcard) {
      if (*value->wildcard + 1 < value->text.size()) {
        return Wrong(at,
                     "an asterisk stands at the end or, as itself, in quotation marks after a "
                     "backslash");
      }
      const bool may = term.op == Op::kEqual || term.op == Op::kNotEqual || term.op == Op::kHas;
      if (!may) return Wrong(at, "what begins with something is compared with =, != or :");
      value->text.pop_back();
      term.present = term.op == Op::kHas && !value->quoted && value->text.empty();
      term.prefix = !term.present;
      term.value = value->text;
      return absl::OkStatus();
    }
    term.value = ValueOf(*value);
    const bool ordered = term.value.is_number() || term.value.is_string();
    const bool order = term.op != Op::kEqual && term.op != Op::kNotEqual && term.op != Op::kHas;
    if (order && !ordered) return Wrong(op_at, "true, false and null are compared with =, != or :");
    return absl::OkStatus();
  }

  absl::Status Wrong(size_t at, std::string_view what) const {
    return base::InvalidField(field_, "at byte " + std::to_string(at) + ": " + std::string(what),
                              base::Reason::kInvalidFilter);
  }
  absl::Status ExpectedAt(size_t at, std::string_view what) const {
    return Wrong(at, "expected " + std::string(what));
  }
  absl::Status Expected(std::string_view what) const { return ExpectedAt(lexer_.position(), what); }

  static constexpr int kMaxDepth = PayloadFilter::kMaxDepth;
  FilterLexer lexer_;
  const std::string_view field_;
  int terms_ = 0;
};

bool Equals(const Term& term, const json& found) {
  if (!term.prefix) return found == term.value;
  return found.is_string() &&
         found.get_ref<const std::string&>().starts_with(term.value.get_ref<const std::string&>());
}

bool IsInOrder(Op op, std::partial_ordering order) {
  switch (op) {
    case Op::kLess:
      return order < 0;
    case Op::kLessOrEqual:
      return order <= 0;
    case Op::kGreater:
      return order > 0;
    case Op::kGreaterOrEqual:
      return order >= 0;
    default:
      return false;
  }
}

bool Compares(const Term& term, const json& found) {
  if (found.is_number() && term.value.is_number()) {
    return IsInOrder(term.op, found.get<double>() <=> term.value.get<double>());
  }
  if (!found.is_string() || !term.value.is_string()) return false;
  return IsInOrder(
      term.op, found.get_ref<const std::string&>() <=> term.value.get_ref<const std::string&>());
}

// An array has its items, an object its names, anything else itself.
bool Has(const Term& term, const json& found) {
  if (term.present) return !found.is_null();
  if (found.is_array()) {
    return std::any_of(found.begin(), found.end(),
                       [&](const json& item) { return Equals(term, item); });
  }
  if (!found.is_object()) return Equals(term, found);
  for (auto member = found.begin(); member != found.end(); ++member) {
    if (Equals(term, json(member.key()))) return true;
  }
  return false;
}

bool Holds(const Term& term, const json& found) {
  switch (term.op) {
    case Op::kEqual:
    case Op::kNotEqual:
      return Equals(term, found);
    case Op::kHas:
      return Has(term, found);
    default:
      return Compares(term, found);
  }
}

// Whether the term, taken as = if it is !=, holds of what its names from `next` on lead to. `:`
// goes through arrays, into each of their items.
bool Reaches(const Term& term, size_t next, const json& at) {
  if (next == term.names.size()) return Holds(term, at);
  if (at.is_array() && term.op == Op::kHas) {
    return std::any_of(at.begin(), at.end(),
                       [&](const json& item) { return Reaches(term, next, item); });
  }
  if (!at.is_object()) return false;
  const auto member = at.find(term.names[next]);
  return member != at.end() && Reaches(term, next + 1, *member);
}

bool IsTrue(const Expression& expression, const json& data) {
  const auto holds = [&data](const ExpressionPtr& part) { return IsTrue(*part, data); };
  switch (expression.kind) {
    case Kind::kAnd:
      return std::ranges::all_of(expression.parts, holds);
    case Kind::kOr:
      return std::ranges::any_of(expression.parts, holds);
    case Kind::kNot:
      return !holds(expression.parts.front());
    case Kind::kTerm:
      break;
  }
  const Term& term = expression.term;
  return Reaches(term, 0, data) != (term.op == Op::kNotEqual);
}

}  // namespace

absl::StatusOr<PayloadFilter> PayloadFilter::Parse(std::string_view text, std::string_view field) {
  if (text.size() > kMaxBytes) {
    return base::InvalidField(field, "is longer than 1,024 bytes", base::Reason::kInvalidFilter);
  }
  if (!base::IsValidUtf8(text)) {
    return base::InvalidField(field, "is not valid UTF-8", base::Reason::kInvalidFilter);
  }
  GH_ASSIGN_OR_RETURN(ExpressionPtr root, Parser(text, field).Parse());
  return PayloadFilter(std::move(root));
}

bool PayloadFilter::Matches(const json& data) const {
  return root_ == nullptr || IsTrue(*root_, data);
}

}  // namespace gatehouse::service::delivery
