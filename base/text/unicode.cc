#include "base/text/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringoptions.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>
#include <cstdlib>

#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

icu::StringPiece Piece(std::string_view text) {
  return {text.data(), static_cast<int32_t>(text.size())};
}

std::string Nfc(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_SUCCESS(error)) nfc->normalizeUTF8(0, Piece(text), sink, nullptr, error);
  // Only a broken installation of ICU fails on valid text: better no name than
  // one that is compared in another form.
  if (U_FAILURE(error)) std::abort();
  return out;
}

std::string Fold(std::string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  icu::CaseMap::utf8Fold(U_FOLD_CASE_DEFAULT, Piece(text), sink, nullptr, error);
  if (U_FAILURE(error)) std::abort();
  return out;
}

// The next code point of valid UTF-8; advances `at`.
UChar32 Next(std::string_view text, int32_t& at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  UChar32 c = 0;
  U8_NEXT_UNSAFE(bytes, at, c);
  return c;
}

bool IsWordCharacter(UChar32 c) {
  return u_isalpha(c) || (U_GET_GC_MASK(c) & (U_GC_M_MASK | U_GC_ND_MASK)) != 0;
}

}  // namespace

std::optional<std::string> NormalizeNfc(std::string_view text) {
  if (!IsValidUtf8(text)) return std::nullopt;
  return Nfc(text);
}

std::optional<std::string> CaselessKey(std::string_view text) {
  if (!IsValidUtf8(text)) return std::nullopt;
  // Folding may take a text out of NFC, and a text that is folded before it is
  // normalised may hide what folds: hence on both sides.
  return Nfc(Fold(Nfc(text)));
}

size_t CountCodePoints(std::string_view text) {
  if (!IsValidUtf8(text)) return 0;
  size_t count = 0;
  for (int32_t at = 0; at < static_cast<int32_t>(text.size()); ++count) Next(text, at);
  return count;
}

bool IsWord(std::string_view text, std::string_view punctuation) {
  if (!IsValidUtf8(text)) return false;
  for (int32_t at = 0; at < static_cast<int32_t>(text.size());) {
    const UChar32 c = Next(text, at);
    if (c < 0x80 && punctuation.find(static_cast<char>(c)) != std::string_view::npos) continue;
    if (!IsWordCharacter(c)) return false;
  }
  return true;
}

}  // namespace gatehouse::base
