#ifndef GATEHOUSE_STORAGE_CANONICAL_JSON_H_
#define GATEHOUSE_STORAGE_CANONICAL_JSON_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::storage {

// One text for each JSON value, however it was formatted, so that what is
// hashed before a jsonb column is written can be computed again from what the
// column gives back. docs/event-leaf.md defines it: no blanks, members sorted
// by the bytes of their names, numbers as exact decimals without a float in
// between, strings with the shortest escapes.
//
// nullopt if `json` is not one well-formed value as jsonb takes it (valid
// UTF-8, no U+0000, no lone surrogate) or is nested deeper than
// kMaxJsonDepth.
std::optional<std::string> CanonicalJson(std::string_view json);

// The members of a JSON object, sorted by the bytes of their names, each value in canonical form;
// of members of the same name the last one, as in jsonb. nullopt as above, and
// if `json` is not an object.
using CanonicalMembers = std::map<std::string, std::string>;
std::optional<CanonicalMembers> CanonicalObject(std::string_view json);

// Deeper than anything sane, far from the end of a thread's stack.
inline constexpr int kMaxJsonDepth = 200;

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_CANONICAL_JSON_H_
