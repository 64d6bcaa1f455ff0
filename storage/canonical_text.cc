#include "storage/canonical_text.h"

#include <string_view>

namespace gatehouse::storage {
void AppendCanonicalNumber(bool negative, std::string digits, int64_t exponent, std::string& out) {
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) {
    out.push_back('0');
    return;
  }
  while (digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (negative) out.push_back('-');
  out += digits;
  if (exponent != 0) out += "e" + std::to_string(exponent);
}

}  // namespace gatehouse::storage
