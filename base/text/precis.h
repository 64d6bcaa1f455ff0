#ifndef GATEHOUSE_BASE_TEXT_PRECIS_H_
#define GATEHOUSE_BASE_TEXT_PRECIS_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::base {

// Names as PRECIS has them (RFC 8264, RFC 8265): what cannot be told apart on a screen, or not
// be seen on it, is no part of a name. Over ICU, with its version of Unicode. Thread-safe.

// The profile UsernameCasePreserved (RFC 8265, 3.4) but for blanks, which it lets between words:
// wide and narrow forms become the usual ones, the whole is in NFC. nullopt for text that is not
// valid UTF-8, is empty, or has in it what IdentifierClass does not allow: blanks, controls,
// format characters, compatibility forms, symbols and punctuation beyond ASCII's, what stands at
// a place where its rule does not allow it (RFC 5892, appendix A), text that runs in both
// directions (RFC 5893), a combining mark at the beginning.
std::optional<std::string> PrecisIdentifier(std::string_view text);

// Whether `text`, not empty, is of characters that an identifier may have, wherever they stand.
bool HasIdentifierCharacters(std::string_view text);

// Wide and narrow forms become the usual ones (RFC 8265, 3.3.1). nullopt for text that is not
// valid UTF-8.
std::optional<std::string> MapWidth(std::string_view text);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TEXT_PRECIS_H_
