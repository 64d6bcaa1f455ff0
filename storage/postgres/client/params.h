#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_PARAMS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_PARAMS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/postgres/client/values.h"

namespace gatehouse::storage::postgres {

// The parameters $1..$n of one statement, in the binary format, typed by their
// C++ type:
//
//   bool -> boolean          int32_t -> integer       int64_t -> bigint
//   double -> double precision                        std::string(_view) -> text
//   base::Uuid -> uuid       base::Time -> timestamptz (max/min = +-infinity)
//   Bytes -> bytea           Jsonb -> jsonb
//   std::vector<X> -> an array of it; std::vector<std::optional<X>> one with NULLs
//   std::optional<X> -> the type of X, NULL when empty: the only way to a NULL
//
// A value: it copies what it is given. Same rules for what a type is named to
// Postgres: a text parameter that is compared with an enum, say, needs a cast in
// the statement.
class Params {
 public:
  Params() = default;

  template <typename... T>
  static Params Of(const T&... values) {
    Params params;
    params.entries_.reserve(sizeof...(values));
    (params.Add(values), ...);
    return params;
  }

  template <typename T>
  void Add(const T& value);

  // One array for each parameter, of the values that it has in `calls`. Of what may be joined.
  static Params Join(std::span<const Params* const> calls);
  // Whether the parameters are of the same types, of which there are arrays.
  bool MayJoin(const Params& other) const;

  size_t size() const { return entries_.size(); }

  // For the connection: type, bytes and whether NULL of parameter `i` (from 0).
  uint32_t oid(size_t i) const { return entries_[i].oid; }
  bool is_null(size_t i) const { return entries_[i].is_null; }
  std::string_view bytes(size_t i) const {
    return std::string_view(buffer_).substr(entries_[i].offset, entries_[i].length);
  }

 private:
  struct Entry {
    uint32_t oid = 0;
    bool is_null = false;
    size_t offset = 0;
    size_t length = 0;
  };

  // One buffer for all values: a statement with ten parameters costs two
  // allocations, not eleven.
  std::string buffer_;
  std::vector<Entry> entries_;
};

namespace params_internal {

void PutInt16(std::string& out, int16_t value);
void PutInt32(std::string& out, int32_t value);
void PutInt64(std::string& out, int64_t value);
void PutDouble(std::string& out, double value);
void PutTime(std::string& out, base::Time value);
void PutJsonb(std::string& out, const Jsonb& value);

// What Postgres calls a C++ type, and how its value goes over the wire. The
// OIDs are those of pg_type.dat, which never change.
template <typename T>
struct Codec;

template <>
struct Codec<bool> {
  static constexpr uint32_t kOid = 16, kArrayOid = 1000;
  static void Put(std::string& out, bool value) { out.push_back(value ? 1 : 0); }
};
template <typename T>
  requires(std::signed_integral<T> && sizeof(T) == 4)
struct Codec<T> {
  static constexpr uint32_t kOid = 23, kArrayOid = 1007;
  static void Put(std::string& out, T value) { PutInt32(out, value); }
};
template <typename T>
  requires(std::signed_integral<T> && sizeof(T) == 8)
struct Codec<T> {
  static constexpr uint32_t kOid = 20, kArrayOid = 1016;
  static void Put(std::string& out, T value) { PutInt64(out, value); }
};
template <>
struct Codec<double> {
  static constexpr uint32_t kOid = 701, kArrayOid = 1022;
  static void Put(std::string& out, double value) { PutDouble(out, value); }
};
template <typename T>
  requires std::convertible_to<const T&, std::string_view>
struct Codec<T> {
  static constexpr uint32_t kOid = 25, kArrayOid = 1009;
  static void Put(std::string& out, std::string_view value) { out.append(value); }
};
template <>
struct Codec<base::Uuid> {
  static constexpr uint32_t kOid = 2950, kArrayOid = 2951;
  static void Put(std::string& out, const base::Uuid& value) { out.append(value.bytes()); }
};
template <>
struct Codec<base::Time> {
  static constexpr uint32_t kOid = 1184, kArrayOid = 1185;
  static void Put(std::string& out, base::Time value) { PutTime(out, value); }
};
template <>
struct Codec<Bytes> {
  static constexpr uint32_t kOid = 17, kArrayOid = 1001;
  static void Put(std::string& out, const Bytes& value) { out.append(value.value); }
};
template <>
struct Codec<Jsonb> {
  static constexpr uint32_t kOid = 3802, kArrayOid = 3807;
  static void Put(std::string& out, const Jsonb& value) { PutJsonb(out, value); }
};

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
struct Codec<std::optional<T>> {
  static constexpr uint32_t kOid = Codec<T>::kOid, kArrayOid = Codec<T>::kArrayOid;
  static void Put(std::string& out, const std::optional<T>& value) {
    if (value) Codec<T>::Put(out, *value);
  }
};

// The header of array_send's format: one dimension, numbered from 1.
void PutArrayHeader(std::string& out, size_t size, bool has_nulls, uint32_t element_oid);
// Overwrites the length reserved at `at` by what follows it.
void PatchLength(std::string& out, size_t at);

template <typename T>
struct Codec<std::vector<T>> {
  static constexpr uint32_t kOid = Codec<T>::kArrayOid;
  static void Put(std::string& out, const std::vector<T>& values) {
    bool has_nulls = false;
    if constexpr (IsOptional<T>::value) {
      for (const T& value : values) has_nulls |= !value.has_value();
    }
    PutArrayHeader(out, values.size(), has_nulls, Codec<T>::kOid);
    for (const T& value : values) {
      if constexpr (IsOptional<T>::value) {
        if (!value) {
          PutInt32(out, -1);
          continue;
        }
      }
      const size_t at = out.size();
      PutInt32(out, 0);
      Codec<T>::Put(out, value);
      PatchLength(out, at);
    }
  }
};

}  // namespace params_internal

template <typename T>
void Params::Add(const T& value) {
  using Codec = params_internal::Codec<std::decay_t<T>>;
  Entry entry{.oid = Codec::kOid, .offset = buffer_.size()};
  if constexpr (params_internal::IsOptional<T>::value) entry.is_null = !value.has_value();
  Codec::Put(buffer_, value);
  entry.length = buffer_.size() - entry.offset;
  entries_.push_back(entry);
}

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_PARAMS_H_
