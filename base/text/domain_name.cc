#include "base/text/domain_name.h"

#include <unicode/bytestream.h>
#include <unicode/idna.h>

#include <cstdint>
#include <cstdlib>

#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

// Of the ASCII form, without a dot at the end (RFC 1035, 2.3.4).
constexpr size_t kMaxDomainBytes = 253;
// No more is looked at: each character of a name takes at least one byte of its ASCII form, and
// at most four here.
constexpr size_t kMaxInputBytes = 4 * kMaxDomainBytes;

const icu::IDNA& Uts46() {
  static const icu::IDNA* const idna = [] {
    UErrorCode error = U_ZERO_ERROR;
    const icu::IDNA* made = icu::IDNA::createUTS46Instance(
        UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
            UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
        error);
    // Only a broken installation of ICU fails here.
    if (U_FAILURE(error)) std::abort();
    return made;
  }();
  return *idna;
}

icu::StringPiece Piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

}  // namespace

std::optional<DomainName> ParseDomainName(std::string_view text) {
  if (text.empty() || text.size() > kMaxInputBytes || text.ends_with('.') || !IsValidUtf8(text)) {
    return std::nullopt;
  }
  UErrorCode error = U_ZERO_ERROR;
  DomainName name;
  icu::IDNAInfo to_ascii;
  icu::StringByteSink<std::string> ascii(&name.ascii);
  Uts46().nameToASCII_UTF8(Piece(text), ascii, to_ascii, error);
  icu::IDNAInfo to_unicode;
  icu::StringByteSink<std::string> unicode(&name.unicode);
  Uts46().nameToUnicodeUTF8(Piece(text), unicode, to_unicode, error);
  if (U_FAILURE(error) || to_ascii.hasErrors() || to_unicode.hasErrors()) return std::nullopt;
  // UTS 46 reads other dots as one.
  if (name.ascii.empty() || name.ascii.ends_with('.') || name.ascii.size() > kMaxDomainBytes) {
    return std::nullopt;
  }
  return name;
}

bool HasDomainCharacters(std::string_view text) {
  if (text.size() > kMaxInputBytes || !IsValidUtf8(text)) return false;
  UErrorCode error = U_ZERO_ERROR;
  std::string unicode;
  icu::IDNAInfo info;
  icu::StringByteSink<std::string> sink(&unicode);
  Uts46().nameToUnicodeUTF8(Piece(text), sink, info, error);
  return U_SUCCESS(error) && (info.getErrors() & UIDNA_ERROR_DISALLOWED) == 0;
}

}  // namespace gatehouse::base
