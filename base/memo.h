#ifndef GATEHOUSE_BASE_MEMO_H_
#define GATEHOUSE_BASE_MEMO_H_

#include <mutex>
#include <utility>

namespace gatehouse::base {

// What is worked out of an immutable object at most once, by the first who asks, and kept beside
// it. Thread-safe. A copy of the object begins without it, since copies are made to be changed.
template <typename T>
class Memo {
 public:
  Memo() = default;
  Memo(const Memo&) {}
  Memo& operator=(const Memo&) = delete;

  // `make` returns a T; all who ask would make the same.
  template <typename Make>
  const T& Get(Make make) const {
    std::call_once(once_, [&] { value_ = make(); });
    return value_;
  }

 private:
  mutable std::once_flag once_;
  mutable T value_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_MEMO_H_
