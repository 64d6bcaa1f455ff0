#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_VALUES_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_VALUES_H_

#include <string>
#include <vector>

namespace gatehouse::storage::postgres {

// A bytea. A type of its own, since std::string is text.
struct Bytes {
  std::string value;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

inline std::vector<Bytes> ToBytes(const std::vector<std::string>& values) {
  std::vector<Bytes> bytes;
  bytes.reserve(values.size());
  for (const std::string& value : values) bytes.push_back({value});
  return bytes;
}

// A jsonb, as JSON text.
struct Jsonb {
  std::string value;
  friend bool operator==(const Jsonb&, const Jsonb&) = default;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_VALUES_H_
