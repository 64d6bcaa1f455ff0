#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_ROW_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_ROW_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/postgres/client/values.h"

struct pg_result;

namespace gatehouse::storage::postgres {

// Code and schema disagree: a column's type is not the one asked for, or it is
// NULL where no std::optional takes it. A bug, so it is an exception: it cannot
// be overlooked, Rows::Decode and the roots of calls and workers turn it into
// INTERNAL, and a decoder stays a plain list of fields.
class DecodeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace row_internal {

// One value as it came: its type and its bytes.
struct Cell {
  uint32_t oid = 0;
  std::string_view bytes;
};

void Decode(const Cell& cell, bool& out);
void Decode(const Cell& cell, int32_t& out);  // From smallint, integer.
// From smallint, integer, bigint, oid, xid8 and pg_lsn.
void Decode(const Cell& cell, int64_t& out);
void Decode(const Cell& cell, double& out);       // From real and double precision.
void Decode(const Cell& cell, std::string& out);  // From text, its kin and enums.
void Decode(const Cell& cell, base::Uuid& out);
void Decode(const Cell& cell, base::Time& out);
void Decode(const Cell& cell, Bytes& out);
void Decode(const Cell& cell, Jsonb& out);  // From json and jsonb.

// The elements of a one-dimensional array; nullopt is a NULL.
std::vector<std::optional<Cell>> SplitArray(const Cell& cell);
[[noreturn]] void ThrowNullElement();

template <typename T>
void Decode(const Cell& cell, std::vector<T>& out) {
  for (const std::optional<Cell>& element : SplitArray(cell)) {
    if (!element) ThrowNullElement();
    T value{};
    Decode(*element, value);
    out.push_back(std::move(value));
  }
}

template <typename T>
void Decode(const Cell& cell, std::vector<std::optional<T>>& out) {
  for (const std::optional<Cell>& element : SplitArray(cell)) {
    std::optional<T>& value = out.emplace_back();
    if (element) Decode(*element, value.emplace());
  }
}

}  // namespace row_internal

// One row; valid as long as its Rows.
class RowView {
 public:
  RowView(const pg_result* result, int row, int first_column = 0)
      : result_(result), row_(row), first_column_(first_column) {}

  // Column `column`, from 0. Types as in params.h; throws DecodeError.
  template <typename T>
  T Get(int column) const {
    const std::optional<row_internal::Cell> cell = At(column);
    T value{};
    if constexpr (IsOptional<T>::value) {
      if (cell) Decode(column, *cell, value.emplace());
    } else {
      if (!cell) ThrowNull(column);
      Decode(column, *cell, value);
    }
    return value;
  }

  bool IsNull(int column) const { return !At(column).has_value(); }

 private:
  template <typename T>
  struct IsOptional : std::false_type {};
  template <typename T>
  struct IsOptional<std::optional<T>> : std::true_type {};

  std::optional<row_internal::Cell> At(int column) const;
  [[noreturn]] void ThrowNull(int column) const;
  [[noreturn]] void Rethrow(int column, const DecodeError& error) const;

  template <typename T>
  void Decode(int column, const row_internal::Cell& cell, T& value) const {
    try {
      row_internal::Decode(cell, value);
    } catch (const DecodeError& error) {
      Rethrow(column, error);
    }
  }

  const pg_result* result_;
  int row_;
  int first_column_;
};

// The result of one statement. A cheap handle: copies share the rows, which go
// with the last copy. Immutable, so any thread may read it.
class Rows {
 public:
  class Iterator {
   public:
    Iterator(const Rows* rows, size_t at) : rows_(rows), at_(at) {}
    RowView operator*() const { return (*rows_)[at_]; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const Rows* rows_;
    size_t at_;
  };

  Rows() = default;
  // Takes over a result that libpq made.
  explicit Rows(std::shared_ptr<const pg_result> result);

  // Those of each of `calls` that were one statement (Query::many). nullopt where they do not
  // stand together, or there are others.
  static std::optional<std::vector<Rows>> Part(const std::shared_ptr<const pg_result>& result,
                                               size_t calls);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  RowView operator[](size_t row) const {
    return RowView(result_.get(), static_cast<int>(first_row_ + row), first_column_);
  }
  Iterator begin() const { return Iterator(this, 0); }
  Iterator end() const { return Iterator(this, size_); }

  // Rows that INSERT, UPDATE, DELETE changed; for SELECT the rows returned.
  int64_t affected_rows() const;

  // What the statement did, in Postgres's words: "SELECT", "COMMIT".
  std::string_view command() const;

  // fn(RowView) -> T for each row. INTERNAL where fn throws DecodeError.
  template <typename Fn>
  auto Decode(Fn fn) const -> absl::StatusOr<std::vector<std::invoke_result_t<Fn, RowView>>> {
    std::vector<std::invoke_result_t<Fn, RowView>> values;
    values.reserve(size());
    try {
      for (const RowView row : *this) values.push_back(fn(row));
    } catch (const DecodeError& error) {
      return base::InternalError(error.what());
    }
    return values;
  }

  // The same for a statement that returns at most one row; nullopt for none.
  template <typename Fn>
  auto DecodeOne(Fn fn) const -> absl::StatusOr<std::optional<std::invoke_result_t<Fn, RowView>>> {
    using Value = std::invoke_result_t<Fn, RowView>;
    if (size() > 1) return base::InternalError("more than one row where at most one was expected");
    if (empty()) return std::optional<Value>();
    try {
      return std::optional<Value>(fn((*this)[0]));
    } catch (const DecodeError& error) {
      return base::InternalError(error.what());
    }
  }

 private:
  std::shared_ptr<const pg_result> result_;
  size_t first_row_ = 0;
  size_t size_ = 0;
  // 1 of a part, which has the number of its call before its columns.
  int first_column_ = 0;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_ROW_H_
