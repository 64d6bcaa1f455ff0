#ifndef GATEHOUSE_SERVICE_MAIL_TEMPLATE_TEXT_TEMPLATE_H_
#define GATEHOUSE_SERVICE_MAIL_TEMPLATE_TEXT_TEMPLATE_H_

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::service::mail {

// What the placeholders of a template stand for.
using TemplateValues = std::map<std::string, std::string, std::less<>>;

// Text with placeholders, {{name}}, and nothing else: no conditions, no loops, no way to read a
// file. Two braces that are no placeholder are an error, so that no misspelled one is ever sent.
//
// Immutable, thread-safe.
class TextTemplate {
 public:
  enum class Escape {
    kNone,
    // & < > " ' become entities: of text and of attributes in quotes.
    kHtml,
    // Control characters become blanks: of one line.
    kLine,
  };

  // INVALID_ARGUMENT, with the line, if `text` is no template, or has a placeholder that is none of
  // `allowed`.
  static absl::StatusOr<TextTemplate> Parse(std::string_view text,
                                            std::span<const std::string_view> allowed,
                                            Escape escape);

  // With the values in the places of their names; what has none is empty.
  std::string Render(const TemplateValues& values) const;

 private:
  // Text as it stands, and then, but for the last one, the value of a name.
  struct Piece {
    std::string text;
    std::string name;
  };

  explicit TextTemplate(Escape escape) : escape_(escape) {}

  Escape escape_;
  std::vector<Piece> pieces_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_TEMPLATE_TEXT_TEMPLATE_H_
