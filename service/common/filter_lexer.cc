#include "service/common/filter_lexer.h"

namespace gatehouse::service {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool IsWordCharacter(char c) {
  return !IsBlank(c) && std::string_view("<>=!:()\"'").find(c) == std::string_view::npos;
}
bool IsValueCharacter(char c) { return c == ':' || IsWordCharacter(c); }

}  // namespace

void FilterLexer::SkipBlanks() {
  while (!AtEnd() && IsBlank(Peek())) ++at_;
}

bool FilterLexer::TakeIf(char c) {
  if (AtEnd() || Peek() != c) return false;
  ++at_;
  return true;
}

std::string FilterLexer::TakeWord() { return Take(IsWordCharacter); }

std::optional<std::string_view> FilterLexer::TakeOperator() {
  // Longest first.
  for (const std::string_view op : {"<=", ">=", "!=", "<", ">", "=", ":"}) {
    if (!text_.substr(at_).starts_with(op)) continue;
    at_ += op.size();
    return op;
  }
  return std::nullopt;
}

std::optional<FilterLexer::Value> FilterLexer::TakeValue() {
  Value value;
  if (AtEnd() || (Peek() != '"' && Peek() != '\'')) {
    value.text = Take(IsValueCharacter);
    if (const size_t at = value.text.find('*'); at != std::string::npos) value.wildcard = at;
    return value;
  }
  value.quoted = true;
  const char quote = text_[at_++];
  while (!AtEnd() && Peek() != quote) {
    const bool escaped = Peek() == '\\' && at_ + 1 < text_.size();
    if (escaped) ++at_;
    if (Peek() == '*' && !escaped && !value.wildcard) value.wildcard = value.text.size();
    value.text += text_[at_++];
  }
  if (!TakeIf(quote)) return std::nullopt;
  return value;
}

std::string FilterLexer::Take(bool (*is_part)(char)) {
  const size_t begin = at_;
  while (!AtEnd() && is_part(Peek())) ++at_;
  return std::string(text_.substr(begin, at_ - begin));
}

}  // namespace gatehouse::service
