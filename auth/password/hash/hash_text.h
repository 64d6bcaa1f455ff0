#ifndef GATEHOUSE_AUTH_PASSWORD_HASH_HASH_TEXT_H_
#define GATEHOUSE_AUTH_PASSWORD_HASH_HASH_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::auth {

// What strings of password hashes are read by: fields between dollars and commas.

// Takes the part before `end`, and `end`, off `text`; all of it for '\0'. nullopt if `end` is not
// there.
std::optional<std::string_view> TakeUntil(std::string_view& text, char end);

// Takes "m=19456": `name`, then a decimal number above zero without sign or leading zero.
std::optional<uint32_t> TakeNumber(std::string_view& text, std::string_view name, char end);

// Base 64 with the standard alphabet and no padding, as PHC strings have it.
std::string EncodeField(std::string_view bytes);

// The same, or nullopt: for padding, and unless it is of so many bytes.
std::optional<std::string> DecodeField(std::string_view text, size_t min_bytes, size_t max_bytes);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_HASH_HASH_TEXT_H_
