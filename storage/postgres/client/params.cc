#include "storage/postgres/client/params.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace gatehouse::storage::postgres {
namespace params_internal {
namespace {

// 2000-01-01T00:00:00Z, where Postgres counts from, in Unix time.
constexpr int64_t kPostgresEpochMicros = 946'684'800'000'000;

template <typename... T>
std::optional<uint32_t> FindArrayOid(uint32_t oid) {
  std::optional<uint32_t> found;
  ((Codec<T>::kOid == oid ? void(found = Codec<T>::kArrayOid) : void()), ...);
  return found;
}

// Of the arrays of what a parameter can be; nullopt for what is one.
std::optional<uint32_t> ArrayOid(uint32_t oid) {
  return FindArrayOid<bool, int32_t, int64_t, double, std::string, base::Uuid, base::Time, Bytes,
                      Jsonb>(oid);
}

template <typename U>
void PutBigEndian(std::string& out, U value) {
  for (int shift = static_cast<int>(sizeof(U)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

}  // namespace

void PutInt16(std::string& out, int16_t value) { PutBigEndian(out, static_cast<uint16_t>(value)); }
void PutInt32(std::string& out, int32_t value) { PutBigEndian(out, static_cast<uint32_t>(value)); }
void PutInt64(std::string& out, int64_t value) { PutBigEndian(out, static_cast<uint64_t>(value)); }
void PutDouble(std::string& out, double value) {
  PutBigEndian(out, std::bit_cast<uint64_t>(value));
}

void PutTime(std::string& out, base::Time value) {
  // The largest and smallest values are Postgres's infinities as well.
  const int64_t micros = base::ToMicros(value);
  const bool infinite = value == base::Time::max() || value == base::Time::min();
  PutInt64(out, infinite ? micros : micros - kPostgresEpochMicros);
}

void PutJsonb(std::string& out, const Jsonb& value) {
  out.push_back(1);  // The version of jsonb's binary format.
  out.append(value.value);
}

void PutArrayHeader(std::string& out, size_t size, bool has_nulls, uint32_t element_oid) {
  PutInt32(out, size == 0 ? 0 : 1);  // An empty array has no dimension.
  PutInt32(out, has_nulls ? 1 : 0);
  PutInt32(out, static_cast<int32_t>(element_oid));
  if (size == 0) return;
  PutInt32(out, static_cast<int32_t>(size));
  PutInt32(out, 1);
}

void PatchLength(std::string& out, size_t at) {
  std::string length;
  PutInt32(length, static_cast<int32_t>(out.size() - at - sizeof(int32_t)));
  out.replace(at, length.size(), length);
}

}  // namespace params_internal

bool Params::MayJoin(const Params& other) const {
  return std::ranges::equal(entries_, other.entries_, [](const Entry& one, const Entry& another) {
    return one.oid == another.oid && params_internal::ArrayOid(one.oid).has_value();
  });
}

Params Params::Join(std::span<const Params* const> calls) {
  Params joined;
  for (size_t i = 0; i < calls.front()->size(); ++i) {
    const uint32_t element = calls.front()->oid(i);
    Entry entry{.oid = *params_internal::ArrayOid(element), .offset = joined.buffer_.size()};
    const bool has_nulls =
        std::ranges::any_of(calls, [i](const Params* call) { return call->is_null(i); });
    params_internal::PutArrayHeader(joined.buffer_, calls.size(), has_nulls, element);
    for (const Params* call : calls) {
      const std::string_view bytes = call->bytes(i);
      params_internal::PutInt32(joined.buffer_,
                                call->is_null(i) ? -1 : static_cast<int32_t>(bytes.size()));
      joined.buffer_.append(bytes);
    }
    entry.length = joined.buffer_.size() - entry.offset;
    joined.entries_.push_back(entry);
  }
  return joined;
}

}  // namespace gatehouse::storage::postgres
