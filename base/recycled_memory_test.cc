#include "base/recycled_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace gatehouse::base {
namespace {

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
TEST(RecycledMemoryTest, GivesOutAgainWhatWasFreedOfAboutTheSameSize) {
  void* const block = TakeRecycled(600);
  GiveBackRecycled(block, 600);
  EXPECT_EQ(TakeRecycled(580), block);
  void* const other = TakeRecycled(580);
  EXPECT_NE(other, block);
  GiveBackRecycled(other, 580);
  GiveBackRecycled(block, 580);
  void* const small = TakeRecycled(500);
  EXPECT_NE(small, block);
  EXPECT_NE(small, other);
  GiveBackRecycled(small, 500);
}
#endif

TEST(RecycledMemoryTest, BlocksInUseAreWholeAndApart) {
  std::vector<std::pair<char*, size_t>> blocks;
  for (int round = 0; round < 3; ++round) {
    for (size_t bytes = 0; bytes < 5000; bytes += 7) {
      auto* const block = static_cast<char*>(TakeRecycled(bytes));
      std::memset(block, static_cast<int>(bytes % 251), bytes);
      blocks.emplace_back(block, bytes);
    }
    std::set<char*> starts;
    for (const auto& [block, bytes] : blocks) {
      EXPECT_TRUE(starts.insert(block).second);
      for (size_t i = 0; i < bytes; ++i) {
        ASSERT_EQ(block[i], static_cast<char>(bytes % 251)) << bytes;
      }
    }
    for (const auto& [block, bytes] : blocks) GiveBackRecycled(block, bytes);
    blocks.clear();
  }
}

TEST(RecycledMemoryTest, AThreadMayFreeWhatAnotherTook) {
  std::vector<void*> blocks(1000);
  std::thread([&blocks] {
    for (void*& block : blocks) block = TakeRecycled(200);
  }).join();
  std::thread([&blocks] {
    for (void* block : blocks) GiveBackRecycled(block, 200);
  }).join();
}

TEST(RecycledMemoryTest, ContainersAndSharedObjectsLiveInIt) {
  std::map<int, int, std::less<>, RecyclingAllocator<std::pair<const int, int>>> map;
  for (int i = 0; i < 1000; ++i) map[i] = i;
  for (int i = 0; i < 1000; i += 2) map.erase(i);
  EXPECT_EQ(map.size(), 500u);
  const auto shared = std::allocate_shared<std::vector<int>>(RecyclingAllocator<int>(), 3, 7);
  EXPECT_EQ(shared->back(), 7);
}

}  // namespace
}  // namespace gatehouse::base
