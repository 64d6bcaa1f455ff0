#ifndef GATEHOUSE_TESTS_SUPPORT_AT_ONCE_H_
#define GATEHOUSE_TESTS_SUPPORT_AT_ONCE_H_

#include <cstddef>
#include <future>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"

namespace gatehouse::tests {

// What so many calls give that begin together, each in a thread of its own. `call` is told which of
// them it is, from 0.
template <typename Call>
std::vector<std::invoke_result_t<Call, int>> AtOnce(int number, Call call) {
  std::vector<std::future<std::invoke_result_t<Call, int>>> calls;
  for (int i = 0; i < number; ++i) calls.push_back(std::async(std::launch::async, call, i));
  std::vector<std::invoke_result_t<Call, int>> outcomes;
  for (auto& one : calls) outcomes.push_back(one.get());
  return outcomes;
}

// Which call succeeded. The test fails unless exactly one did, and all others for one of `reasons`.
template <typename Outcome>
size_t OnlyWinnerOf(const std::vector<Outcome>& outcomes, const std::set<std::string>& reasons) {
  size_t winner = 0;
  int won = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].ok()) {
      winner = i;
      ++won;
    } else {
      EXPECT_TRUE(reasons.contains(outcomes[i].reason())) << outcomes[i].message;
    }
  }
  EXPECT_EQ(won, 1);
  return winner;
}

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_AT_ONCE_H_
