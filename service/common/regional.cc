#include "service/common/regional.h"

#include <unicode/timezone.h>
#include <unicode/uloc.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"

namespace gatehouse::service {
namespace {

// ICU's own, which the database never had.
constexpr std::string_view kOnlyIcu[] = {
    "ACT", "AET", "AGT", "ART", "AST", "BET", "BST", "CAT", "CNT", "CST", "CTT", "EAT", "ECT",
    "IET", "IST", "JST", "MIT", "NET", "NST", "PLT", "PNT", "PRT", "PST", "SST", "VST"};

bool IsTagCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
}

}  // namespace

bool IsTimeZone(std::string_view text) {
  if (text == "Etc/Unknown" || text.starts_with("SystemV/") ||
      std::ranges::find(kOnlyIcu, text) != std::end(kOnlyIcu)) {
    return false;
  }
  UErrorCode error = U_ZERO_ERROR;
  UBool known = false;
  icu::UnicodeString canonical;
  icu::TimeZone::getCanonicalID(icu::UnicodeString::fromUTF8(icu::StringPiece(
                                    text.data(), static_cast<int32_t>(text.size()))),
                                canonical, known, error);
  // Not known: an offset such as "GMT+2", which ICU takes as well.
  return U_SUCCESS(error) && known;
}

bool IsLanguageTag(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, IsTagCharacter)) return false;
  const std::string tag(text);
  UErrorCode error = U_ZERO_ERROR;
  int32_t parsed = 0;
  char name[ULOC_FULLNAME_CAPACITY];
  uloc_forLanguageTag(tag.c_str(), name, sizeof(name), &parsed, &error);
  return U_SUCCESS(error) && parsed == static_cast<int32_t>(tag.size());
}

}  // namespace gatehouse::service
