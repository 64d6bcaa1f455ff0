#ifndef GATEHOUSE_BASE_TEXT_UNICODE_H_
#define GATEHOUSE_BASE_TEXT_UNICODE_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::base {

// All over ICU; UTF-8 in, UTF-8 out; nullopt for text that is not valid UTF-8.
// Thread-safe.

// Unicode Normalization Form C: one text for what looks and means the same.
std::optional<std::string> NormalizeNfc(std::string_view text);

// What texts are compared by without regard to case: NFC, full case folding,
// NFC again. Equal keys mean equal names; a key is not for showing.
std::optional<std::string> CaselessKey(std::string_view text);

// The number of characters (code points), 0 for invalid text.
size_t CountCodePoints(std::string_view text);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TEXT_UNICODE_H_
