#ifndef GATEHOUSE_SERVICE_COMMON_FILTER_LEXER_H_
#define GATEHOUSE_SERVICE_COMMON_FILTER_LEXER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::service {

// Reads the words of an AIP-160 filter, for parsers of what each kind of filter takes of it.
//
// Lives in one parser; what it reads outlives it. Each Take begins where the one before ended.
class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ >= text_.size(); }
  // In bytes from the beginning.
  size_t position() const { return at_; }
  void SkipBlanks();
  // Takes `c` if it comes next.
  bool TakeIf(char c);

  // Up to the next blank, quotation mark, parenthesis, operator or colon; perhaps empty.
  std::string TakeWord();

  // = != < <= > >= or :, unless something else comes.
  std::optional<std::string_view> TakeOperator();

  struct Value {
    // Without the quotation marks and the backslashes in front of ordinary characters.
    std::string text;
    bool quoted = false;
    // Where the first asterisk is that is not escaped.
    std::optional<size_t> wildcard;
  };
  // "..." or '...', with a backslash before what is not to be special, or bare, which is a word
  // with colons in it: times have them. Nullopt if a quotation mark is missing at the end; an empty
  // bare value if none comes.
  std::optional<Value> TakeValue();

 private:
  char Peek() const { return text_[at_]; }
  std::string Take(bool (*is_part)(char));

  const std::string_view text_;
  size_t at_ = 0;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_FILTER_LEXER_H_
