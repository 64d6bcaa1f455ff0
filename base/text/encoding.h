#ifndef GATEHOUSE_BASE_TEXT_ENCODING_H_
#define GATEHOUSE_BASE_TEXT_ENCODING_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::base {

// Lower-case base 16. Decoding takes either case.
std::string HexEncode(std::string_view bytes);
std::optional<std::string> HexDecode(std::string_view text);

// Base 64 with the standard alphabet and padding, RFC 4648 section 4. Decoding
// also takes unpadded text, as the webhook libraries of the field do.
std::string Base64Encode(std::string_view bytes);
std::optional<std::string> Base64Decode(std::string_view text);

// Base 64 with the URL-safe alphabet and no padding, RFC 4648 section 5 and
// RFC 7515. Decoding refuses padding and non-canonical trailing bits, so that
// one value has one text.
std::string Base64UrlEncode(std::string_view bytes);
std::optional<std::string> Base64UrlDecode(std::string_view text);

// True for well-formed UTF-8 without U+0000, which neither protobuf strings
// nor Postgres text may hold.
bool IsValidUtf8(std::string_view text);

// How many bytes at the beginning stand for themselves in a JSON string.
size_t PlainJsonLength(std::string_view text);

// Appends `text` to `out` as a JSON string with its quotes and the shortest escapes
// there are. Bytes from 0x80 on pass as they are. Changing what it writes changes the
// hash of events that are in the log already (docs/event-leaf.md).
void AppendJsonString(std::string_view text, std::string& out);
std::string JsonString(std::string_view text);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TEXT_ENCODING_H_
