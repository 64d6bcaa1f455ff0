#include "base/memo.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse::base {
namespace {

TEST(MemoTest, IsMadeOnceForAllWhoAsk) {
  const Memo<std::string> memo;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(memo.Get([&] { return std::to_string(++made); }), "1"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST(MemoTest, ACopyBeginsAnew) {
  const Memo<std::string> memo;
  memo.Get([] { return "of the first"; });
  const Memo<std::string> copy = memo;
  EXPECT_EQ(copy.Get([] { return "of the copy"; }), "of the copy");
}

}  // namespace
}  // namespace gatehouse::base
