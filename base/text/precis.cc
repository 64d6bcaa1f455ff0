#include "base/text/precis.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

constexpr UChar32 kZeroWidthNonJoiner = 0x200c;
constexpr UChar32 kZeroWidthJoiner = 0x200d;
// The canonical combining class of a virama.
constexpr uint8_t kVirama = 9;

enum class Verdict { kAllowed, kForbidden, kByContext };

const icu::Normalizer2& Normalizer(const icu::Normalizer2* (*instance)(UErrorCode&)) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = instance(error);
  // Only a broken installation of ICU fails here.
  if (U_FAILURE(error)) std::abort();
  return *normalizer;
}

icu::UnicodeString Normalize(const icu::Normalizer2& normalizer, const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  icu::UnicodeString out = normalizer.normalize(text, error);
  if (U_FAILURE(error)) std::abort();
  return out;
}

std::string ToUtf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

icu::UnicodeString WithoutWidth(const icu::UnicodeString& text) {
  const icu::Normalizer2& nfkc = Normalizer(icu::Normalizer2::getNFKCInstance);
  icu::UnicodeString out;
  for (int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    const UChar32 c = text.char32At(at);
    const int32_t width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    if (width == U_EA_FULLWIDTH || width == U_EA_HALFWIDTH) {
      out += Normalize(nfkc, icu::UnicodeString(c));
    } else {
      out += c;
    }
  }
  return out;
}

// Of valid UTF-8: width mapped, then in NFC.
icu::UnicodeString Prepare(std::string_view text) {
  return Normalize(Normalizer(icu::Normalizer2::getNFCInstance),
                   WithoutWidth(icu::UnicodeString::fromUTF8(
                       icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))));
}

// RFC 8264, 9.6: exceptions, which RFC 5892 lists in 2.6.
std::optional<Verdict> ExceptionOf(UChar32 c) {
  switch (c) {
    case 0x00df:
    case 0x03c2:
    case 0x06fd:
    case 0x06fe:
    case 0x0f0b:
    case 0x3007:
      return Verdict::kAllowed;
    case 0x00b7:
    case 0x0375:
    case 0x05f3:
    case 0x05f4:
    case 0x30fb:
      return Verdict::kByContext;
    case 0x0640:
    case 0x07fa:
    case 0x302e:
    case 0x302f:
    case 0x303b:
      return Verdict::kForbidden;
    default:
      break;
  }
  if ((c >= 0x0660 && c <= 0x0669) || (c >= 0x06f0 && c <= 0x06f9)) return Verdict::kByContext;
  if (c >= 0x3031 && c <= 0x3035) return Verdict::kForbidden;
  return std::nullopt;
}

// RFC 8264, 8: the derived property, of IdentifierClass.
Verdict VerdictOf(UChar32 c) {
  if (const std::optional<Verdict> exception = ExceptionOf(c)) return *exception;
  if (!u_isdefined(c)) return Verdict::kForbidden;
  if (c < 0x80) return c > ' ' && c < 0x7f ? Verdict::kAllowed : Verdict::kForbidden;
  if (c == kZeroWidthJoiner || c == kZeroWidthNonJoiner) return Verdict::kByContext;
  const int32_t hangul = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
  if (hangul == U_HST_LEADING_JAMO || hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO) {
    return Verdict::kForbidden;
  }
  if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return Verdict::kForbidden;
  const icu::UnicodeString text(c);
  if (Normalize(Normalizer(icu::Normalizer2::getNFKCInstance), text) != text) {
    return Verdict::kForbidden;
  }
  constexpr uint32_t kLetterDigits = U_GC_LL_MASK | U_GC_LU_MASK | U_GC_LO_MASK | U_GC_ND_MASK |
                                     U_GC_LM_MASK | U_GC_MN_MASK | U_GC_MC_MASK;
  return (U_GET_GC_MASK(c) & kLetterDigits) != 0 ? Verdict::kAllowed : Verdict::kForbidden;
}

bool HasScript(UChar32 c, UScriptCode script) {
  UErrorCode error = U_ZERO_ERROR;
  return uscript_getScript(c, &error) == script && U_SUCCESS(error);
}

// The nearest character from `at` in steps of `step` that is not transparent to joining.
int32_t JoiningTypeBeside(const icu::UnicodeString& text, int32_t at, int32_t step) {
  for (int32_t next = at; step > 0 ? next < text.length() : next > 0;) {
    const int32_t previous = next;
    next = text.moveIndex32(next, step);
    const UChar32 c = text.char32At(step > 0 ? previous : next);
    const int32_t type = u_getIntPropertyValue(c, UCHAR_JOINING_TYPE);
    if (type != U_JT_TRANSPARENT) return type;
  }
  return U_JT_NON_JOINING;
}

// RFC 5892, appendix A: whether `c`, at `at`, may stand there.
bool FitsContext(const icu::UnicodeString& text, int32_t at, UChar32 c) {
  const int32_t next = text.moveIndex32(at, 1);
  // U+FFFF, which has no property asked for, where there is none.
  const UChar32 before = at > 0 ? text.char32At(text.moveIndex32(at, -1)) : 0xffff;
  const UChar32 after = next < text.length() ? text.char32At(next) : 0xffff;
  const auto any = [&text](auto&& is) {
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
      if (is(text.char32At(i))) return true;
    }
    return false;
  };
  switch (c) {
    case kZeroWidthNonJoiner: {
      if (u_getCombiningClass(before) == kVirama) return true;
      const int32_t left = JoiningTypeBeside(text, at, -1);
      const int32_t right = JoiningTypeBeside(text, next, 1);
      return (left == U_JT_LEFT_JOINING || left == U_JT_DUAL_JOINING) &&
             (right == U_JT_RIGHT_JOINING || right == U_JT_DUAL_JOINING);
    }
    case kZeroWidthJoiner:
      return u_getCombiningClass(before) == kVirama;
    case 0x00b7:
      return before == 'l' && after == 'l';
    case 0x0375:
      return HasScript(after, USCRIPT_GREEK);
    case 0x05f3:
    case 0x05f4:
      return HasScript(before, USCRIPT_HEBREW);
    case 0x30fb:
      return any([](UChar32 other) {
        return HasScript(other, USCRIPT_HIRAGANA) || HasScript(other, USCRIPT_KATAKANA) ||
               HasScript(other, USCRIPT_HAN);
      });
    default:
      break;
  }
  if (c >= 0x0660 && c <= 0x0669) {
    return !any([](UChar32 other) { return other >= 0x06f0 && other <= 0x06f9; });
  }
  return !any([](UChar32 other) { return other >= 0x0660 && other <= 0x0669; });
}

// RFC 5893, 2.
bool RunsInOneDirection(const icu::UnicodeString& text) {
  std::optional<UCharDirection> first;
  // Of the last character that is no mark.
  UCharDirection last = U_LEFT_TO_RIGHT;
  bool right_to_left = false;
  bool european = false;
  bool arabic = false;
  bool other_left = false;
  for (int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    const UCharDirection direction = u_charDirection(text.char32At(at));
    if (!first) first = direction;
    if (direction != U_DIR_NON_SPACING_MARK) last = direction;
    right_to_left |= direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC ||
                     direction == U_ARABIC_NUMBER;
    european |= direction == U_EUROPEAN_NUMBER;
    arabic |= direction == U_ARABIC_NUMBER;
    other_left |= direction == U_LEFT_TO_RIGHT;
  }
  if (!right_to_left) return true;
  const bool begins = first == U_RIGHT_TO_LEFT || first == U_RIGHT_TO_LEFT_ARABIC;
  const bool ends = last == U_RIGHT_TO_LEFT || last == U_RIGHT_TO_LEFT_ARABIC ||
                    last == U_EUROPEAN_NUMBER || last == U_ARABIC_NUMBER;
  return begins && ends && !other_left && !(european && arabic);
}

}  // namespace

std::optional<std::string> MapWidth(std::string_view text) {
  if (!IsValidUtf8(text)) return std::nullopt;
  return ToUtf8(WithoutWidth(icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())))));
}

bool HasIdentifierCharacters(std::string_view text) {
  if (text.empty() || !IsValidUtf8(text)) return false;
  const icu::UnicodeString mapped = Prepare(text);
  for (int32_t at = 0; at < mapped.length(); at = mapped.moveIndex32(at, 1)) {
    if (VerdictOf(mapped.char32At(at)) == Verdict::kForbidden) return false;
  }
  return true;
}

std::optional<std::string> PrecisIdentifier(std::string_view text) {
  if (text.empty() || !IsValidUtf8(text)) return std::nullopt;
  const icu::UnicodeString name = Prepare(text);
  if ((U_GET_GC_MASK(name.char32At(0)) & U_GC_M_MASK) != 0) return std::nullopt;
  for (int32_t at = 0; at < name.length(); at = name.moveIndex32(at, 1)) {
    const UChar32 c = name.char32At(at);
    const Verdict verdict = VerdictOf(c);
    if (verdict == Verdict::kForbidden) return std::nullopt;
    if (verdict == Verdict::kByContext && !FitsContext(name, at, c)) return std::nullopt;
  }
  if (!RunsInOneDirection(name)) return std::nullopt;
  return ToUtf8(name);
}

}  // namespace gatehouse::base
