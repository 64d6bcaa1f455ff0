#ifndef GATEHOUSE_TOOLS_MUTATION_FAULTS_H_
#define GATEHOUSE_TOOLS_MUTATION_FAULTS_H_

// Switches for the faults that tools/mutate puts into C++, which it writes above each file that it
// changes. With FAULT=7 in the environment the fault with that number is there, without it none.

#pragma clang diagnostic ignored "-Weverything"

#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <utility>

namespace gatehouse::tools {

// Where the program came by since this was last cleared: all threads write, none reads but the
// listener of tests (listener.cc).
inline volatile unsigned char reached[20000];

inline bool On(int fault) {
  static const int on = [] {
    const char* number = std::getenv("FAULT");
    return number == nullptr ? -1 : std::atoi(number);
  }();
  reached[fault] = 1;
  return fault == on;
}

// `a < Less(7) > b` is `a < b`, and `a <= b` with fault 7.
struct Comparison {
  explicit constexpr Comparison(int number) : fault(number) {}
  int fault;
};
struct Less : Comparison {
  using Comparison::Comparison;
  bool operator()(const auto& a, const auto& b) const { return On(fault) ? a <= b : a < b; }
};
struct LessEqual : Comparison {
  using Comparison::Comparison;
  bool operator()(const auto& a, const auto& b) const { return On(fault) ? a < b : a <= b; }
};
struct Greater : Comparison {
  using Comparison::Comparison;
  bool operator()(const auto& a, const auto& b) const { return On(fault) ? a >= b : a > b; }
};
struct GreaterEqual : Comparison {
  using Comparison::Comparison;
  bool operator()(const auto& a, const auto& b) const { return On(fault) ? a > b : a >= b; }
};
struct Equal : Comparison {
  using Comparison::Comparison;
  bool operator()(const auto& a, const auto& b) const { return On(fault) ? a != b : a == b; }
};
struct NotEqual : Comparison {
  using Comparison::Comparison;
  bool operator()(const auto& a, const auto& b) const { return On(fault) ? a == b : a != b; }
};

template <typename Kind>
concept IsComparison = std::is_base_of_v<Comparison, Kind>;

template <typename Left, typename Kind>
struct Half {
  const Left& left;
  Kind kind;
};

template <typename Left, IsComparison Kind>
Half<Left, Kind> operator<(const Left& left, Kind kind) {
  return {left, kind};
}
template <typename Left, typename Kind, typename Right>
bool operator>(const Half<Left, Kind>& half, const Right& right) {
  return half.kind(half.left, right);
}
template <typename Left, IsComparison Kind>
Half<Left, Kind> operator==(const Left& left, Kind kind) {
  return {left, kind};
}
template <typename Left, typename Kind, typename Right>
bool operator==(const Half<Left, Kind>& half, const Right& right) {
  return half.kind(half.left, right);
}

// std::optional's own comparisons with anything are as good a match.
template <typename Left, typename Kind, typename Right>
bool operator>(const Half<Left, Kind>& half, const std::optional<Right>& right) {
  return half.kind(half.left, right);
}
template <typename Left, typename Kind, typename Right>
bool operator==(const Half<Left, Kind>& half, const std::optional<Right>& right) {
  return half.kind(half.left, right);
}

// `a | AndLeft(7) && AndRight(8) | b` is `a && b`, `b` with fault 7 and `a` with fault 8.
struct AndLeft {
  int fault;
};
struct AndRight {
  int fault;
};
template <typename T>
bool operator|(T&& condition, AndLeft side) {
  const bool value = static_cast<bool>(condition);
  return On(side.fault) || value;
}
template <typename T>
bool operator|(AndRight side, T&& condition) {
  const bool value = static_cast<bool>(condition);
  return On(side.fault) || value;
}

// `a & OrLeft(7) || OrRight(8) & b` is `a || b`.
struct OrLeft {
  int fault;
};
struct OrRight {
  int fault;
};
template <typename T>
bool operator&(T&& condition, OrLeft side) {
  const bool value = static_cast<bool>(condition);
  return !On(side.fault) && value;
}
template <typename T>
bool operator&(OrRight side, T&& condition) {
  const bool value = static_cast<bool>(condition);
  return !On(side.fault) && value;
}

// `Not(7)->*a` is `!a`, and `a` with fault 7. It binds nearly as tightly.
struct Not {
  explicit constexpr Not(int number) : fault(number) {}
  int fault;
};
template <typename T>
bool operator->*(Not negation, T&& condition) {
  const bool value = static_cast<bool>(condition);
  return On(negation.fault) ? value : !value;
}

// `f(First(7, a, b), Second(7, a, b))` is `f(a, b)`, and `f(b, a)` with fault 7 if both are of one
// type: if not, nobody comes by it.
template <typename A, typename B>
decltype(auto) First(int fault, A&& a, B&& b) {
  if constexpr (std::is_same_v<std::remove_cvref_t<A>, std::remove_cvref_t<B>>) {
    return On(fault) ? std::forward<B>(b) : std::forward<A>(a);
  } else {
    return std::forward<A>(a);
  }
}
template <typename A, typename B>
decltype(auto) Second(int fault, A&& a, B&& b) {
  return First(fault, std::forward<B>(b), std::forward<A>(a));
}

inline int One(int fault) { return On(fault) ? 0 : 1; }

// `Least(7).Of(a, b)` is `std::min(a, b)`, and the greater of both with fault 7.
template <bool kLeast>
struct Extreme {
  explicit constexpr Extreme(int number) : fault(number) {}

  template <typename T>
  T Of(const T& a, const T& b) const {
    return (b < a) == (On(fault) != kLeast) ? b : a;
  }
  template <typename T>
  T Of(std::initializer_list<T> values) const {
    T found = *values.begin();
    for (const T& value : values) found = Of<T>(found, value);
    return found;
  }

  int fault;
};
using Least = Extreme<true>;
using Greatest = Extreme<false>;

}  // namespace gatehouse::tools

#endif  // GATEHOUSE_TOOLS_MUTATION_FAULTS_H_
