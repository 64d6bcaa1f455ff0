#include "storage/postgres/client/row.h"

#include <libpq-fe.h>

#include <bit>
#include <cstdlib>

namespace gatehouse::storage::postgres {
namespace row_internal {
namespace {

// 2000-01-01T00:00:00Z, where Postgres counts from, in Unix time.
constexpr int64_t kPostgresEpochMicros = 946'684'800'000'000;

// From pg_type.dat.
enum Oid : uint32_t {
  kBool = 16,
  kBytea = 17,
  kChar = 18,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kBpchar = 1042,
  kVarchar = 1043,
  kTimestamptz = 1184,
  kUuid = 2950,
  kPgLsn = 3220,
  kJsonb = 3802,
  kXid8 = 5069,
  // Types made by users, such as enums, are numbered from here.
  kFirstNormal = 16384,
};

[[noreturn]] void ThrowType(const Cell& cell, const char* wanted) {
  throw DecodeError("is of the type with OID " + std::to_string(cell.oid) + ", not " + wanted);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::string_view Take(size_t size) {
    if (size > bytes_.size()) throw DecodeError("is shorter than its type");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  template <typename U>
  U Number() {
    U value = 0;
    for (const char c : Take(sizeof(U)))
      value = static_cast<U>(value << 8 | static_cast<uint8_t>(c));
    return value;
  }

  int32_t Int32() { return static_cast<int32_t>(Number<uint32_t>()); }

 private:
  std::string_view bytes_;
};

template <typename U>
U Number(const Cell& cell) {
  return Reader(cell.bytes).Number<U>();
}

}  // namespace

void Decode(const Cell& cell, bool& out) {
  if (cell.oid != kBool) ThrowType(cell, "boolean");
  out = Number<uint8_t>(cell) != 0;
}

void Decode(const Cell& cell, int32_t& out) {
  switch (cell.oid) {
    case kInt2:
      out = static_cast<int16_t>(Number<uint16_t>(cell));
      return;
    case kInt4:
      out = static_cast<int32_t>(Number<uint32_t>(cell));
      return;
    default:
      ThrowType(cell, "integer");
  }
}

void Decode(const Cell& cell, int64_t& out) {
  switch (cell.oid) {
    case kInt8:
    case kXid8:
    case kPgLsn:
      out = static_cast<int64_t>(Number<uint64_t>(cell));
      return;
    case kOid:
      out = Number<uint32_t>(cell);
      return;
    default:
      int32_t narrow = 0;
      if (cell.oid != kInt2 && cell.oid != kInt4) ThrowType(cell, "bigint");
      Decode(cell, narrow);
      out = narrow;
  }
}

void Decode(const Cell& cell, double& out) {
  switch (cell.oid) {
    case kFloat4:
      out = std::bit_cast<float>(Number<uint32_t>(cell));
      return;
    case kFloat8:
      out = std::bit_cast<double>(Number<uint64_t>(cell));
      return;
    default:
      ThrowType(cell, "double precision");
  }
}

void Decode(const Cell& cell, std::string& out) {
  switch (cell.oid) {
    case kText:
    case kVarchar:
    case kBpchar:
    case kName:
    case kChar:
      break;
    default:
      if (cell.oid < kFirstNormal) ThrowType(cell, "text");
  }
  out = cell.bytes;
}

void Decode(const Cell& cell, base::Uuid& out) {
  if (cell.oid != kUuid) ThrowType(cell, "uuid");
  const std::optional<base::Uuid> id = base::Uuid::FromBytes(cell.bytes);
  if (!id) throw DecodeError("is shorter than its type");
  out = *id;
}

void Decode(const Cell& cell, base::Time& out) {
  if (cell.oid != kTimestamptz) ThrowType(cell, "timestamptz");
  const auto micros = static_cast<int64_t>(Number<uint64_t>(cell));
  const base::Time as_is = base::TimeFromMicros(micros);
  const bool infinite = as_is == base::Time::max() || as_is == base::Time::min();
  out = infinite ? as_is : base::TimeFromMicros(micros + kPostgresEpochMicros);
}

void Decode(const Cell& cell, Bytes& out) {
  if (cell.oid != kBytea) ThrowType(cell, "bytea");
  out.value = cell.bytes;
}

void Decode(const Cell& cell, Jsonb& out) {
  if (cell.oid == kJson) {
    out.value = cell.bytes;
    return;
  }
  if (cell.oid != kJsonb) ThrowType(cell, "jsonb");
  Reader reader(cell.bytes);
  if (reader.Number<uint8_t>() != 1) throw DecodeError("has an unknown version of jsonb");
  out.value = cell.bytes.substr(1);
}

std::vector<std::optional<Cell>> SplitArray(const Cell& cell) {
  Reader reader(cell.bytes);
  const int32_t dimensions = reader.Int32();
  reader.Int32();  // Whether there are NULLs: each element says so itself.
  const auto element_oid = static_cast<uint32_t>(reader.Int32());
  std::vector<std::optional<Cell>> elements;
  if (dimensions == 0) return elements;
  if (dimensions != 1) throw DecodeError("is no array of one dimension");
  const int32_t size = reader.Int32();
  reader.Int32();  // The lower bound.
  for (int32_t i = 0; i < size; ++i) {
    const int32_t length = reader.Int32();
    if (length < 0) {
      elements.emplace_back();
    } else {
      elements.push_back(
          Cell{.oid = element_oid, .bytes = reader.Take(static_cast<size_t>(length))});
    }
  }
  return elements;
}

void ThrowNullElement() { throw DecodeError("has a NULL element that was not expected"); }

}  // namespace row_internal

std::optional<row_internal::Cell> RowView::At(int column) const {
  const int field = first_column_ + column;
  if (column < 0 || field >= PQnfields(result_)) {
    throw DecodeError("column " + std::to_string(column) + " does not exist");
  }
  if (PQgetisnull(result_, row_, field) != 0) return std::nullopt;
  return row_internal::Cell{
      .oid = PQftype(result_, field),
      .bytes = std::string_view(PQgetvalue(result_, row_, field),
                                static_cast<size_t>(PQgetlength(result_, row_, field)))};
}

void RowView::ThrowNull(int column) const {
  Rethrow(column, DecodeError("is NULL, which was not expected"));
}

void RowView::Rethrow(int column, const DecodeError& error) const {
  throw DecodeError("column " + std::to_string(column) + " (" +
                    PQfname(result_, first_column_ + column) + ") " + error.what());
}

Rows::Rows(std::shared_ptr<const pg_result> result)
    : result_(std::move(result)), size_(static_cast<size_t>(PQntuples(result_.get()))) {}

std::optional<std::vector<Rows>> Rows::Part(const std::shared_ptr<const pg_result>& result,
                                            size_t calls) {
  std::vector<Rows> parts(calls);
  const int rows = PQntuples(result.get());
  for (int row = 0; row < rows; ++row) {
    const auto call = static_cast<uint64_t>(RowView(result.get(), row).Get<int64_t>(0));
    if (call < 1 || call > calls) return std::nullopt;
    Rows& part = parts[call - 1];
    if (part.size_ == 0) part.first_row_ = static_cast<size_t>(row);
    if (part.first_row_ + part.size_ != static_cast<size_t>(row)) return std::nullopt;
    ++part.size_;
  }
  for (Rows& part : parts) {
    part.result_ = result;
    part.first_column_ = 1;
  }
  return parts;
}

int64_t Rows::affected_rows() const {
  if (!result_) return 0;
  // Of a part, which only reads, libpq knows nothing.
  if (first_column_ > 0) return static_cast<int64_t>(size_);
  // PQcmdTuples takes a mutable result only by oversight: it reads.
  return std::atoll(PQcmdTuples(const_cast<pg_result*>(result_.get())));
}

std::string_view Rows::command() const {
  if (!result_) return "";
  const std::string_view tag = PQcmdStatus(const_cast<pg_result*>(result_.get()));
  return tag.substr(0, tag.find(' '));
}

}  // namespace gatehouse::storage::postgres
