#ifndef GATEHOUSE_STORAGE_CANONICAL_TEXT_H_
#define GATEHOUSE_STORAGE_CANONICAL_TEXT_H_

#include <cstdint>
#include <string>

namespace gatehouse::storage {

// How canonical JSON (docs/event-leaf.md) writes a number; strings are written by
// base::AppendJsonString. Changing a byte of it changes the hash of events that are in
// the log already.
//
// digits * 10^exponent as its one text: an integer without trailing zeros, then "e"
// and the power of ten unless that is zero.
void AppendCanonicalNumber(bool negative, std::string digits, int64_t exponent, std::string& out);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_CANONICAL_TEXT_H_
