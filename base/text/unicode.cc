#include "base/text/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/stringoptions.h>

#include <algorithm>
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
  // Every byte but those that continue a character.
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace gatehouse::base
