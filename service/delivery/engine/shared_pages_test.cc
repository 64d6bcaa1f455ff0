#include "service/delivery/engine/shared_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::service::delivery {
namespace {

SharedPages::Page MakePage(int64_t first, int64_t last, size_t body_bytes = 1) {
  SharedPages::Page page{.first_index = first, .last_index = last};
  page.items.push_back(
      {.index = first, .body = std::make_shared<const std::string>(body_bytes, 'x')});
  return page;
}

class SharedPagesTest : public ::testing::Test {
 protected:
  // The first index of the page that is found; 0: none.
  int64_t Found(int64_t index) { return Found(source_, index); }
  int64_t Found(const SharedPages::Source& source, int64_t index) {
    const SharedPages::Page* const page = pages_.Find(source, index, now_);
    return page == nullptr ? 0 : page->first_index;
  }

  const SharedPages::Source source_{.tenant_id = base::kDefaultTenantId, .types = {"order.*"}};
  base::SteadyTime now_ = {};
  SharedPages pages_;
};

TEST_F(SharedPagesTest, FindsThePageThatHoldsAnIndex) {
  pages_.Add(source_, MakePage(10, 19), now_);
  pages_.Add(source_, MakePage(20, 29), now_);
  EXPECT_EQ(Found(9), 0);
  EXPECT_EQ(Found(10), 10);
  EXPECT_EQ(Found(19), 10);
  EXPECT_EQ(Found(20), 20);
  EXPECT_EQ(Found(30), 0);
}

TEST_F(SharedPagesTest, PagesOfOtherTypesOrTenantsAreOthers) {
  pages_.Add(source_, MakePage(10, 19), now_);
  EXPECT_EQ(Found({.tenant_id = base::kDefaultTenantId, .types = {}}, 10), 0);
  const base::Uuid other = *base::Uuid::Parse("0190163d-8694-739b-aea5-966c26f8ad91");
  EXPECT_EQ(Found({.tenant_id = other, .types = {"order.*"}}, 10), 0);
}

TEST_F(SharedPagesTest, TellsWhatIsBeingRead) {
  pages_.Begin(source_, 10, 5);
  EXPECT_FALSE(pages_.Comes(source_, 9));
  EXPECT_TRUE(pages_.Comes(source_, 10));
  EXPECT_TRUE(pages_.Comes(source_, 14));
  EXPECT_FALSE(pages_.Comes(source_, 15));
  EXPECT_FALSE(pages_.Comes({.tenant_id = base::kDefaultTenantId, .types = {}}, 10));
  pages_.End(source_, 10);
  EXPECT_FALSE(pages_.Comes(source_, 10));
}

TEST_F(SharedPagesTest, GivesUpWhatWasNotUsedLately) {
  constexpr size_t kThird = SharedPages::kMaxBytes / 3;
  pages_.Add(source_, MakePage(10, 19, kThird), now_);
  pages_.Add(source_, MakePage(20, 29, kThird), now_);
  EXPECT_EQ(Found(10), 10);
  pages_.Add(source_, MakePage(30, 39, kThird), now_);
  EXPECT_EQ(Found(20), 0);
  EXPECT_EQ(Found(10), 10);
  EXPECT_EQ(Found(30), 30);
  EXPECT_LE(pages_.bytes(), SharedPages::kMaxBytes);
}

TEST_F(SharedPagesTest, KeepsOnlySoManyPages) {
  for (size_t i = 1; i <= SharedPages::kMaxPages + 1; ++i) {
    const auto index = static_cast<int64_t>(i);
    pages_.Add(source_, MakePage(index, index), now_);
  }
  EXPECT_EQ(Found(1), 0);
  EXPECT_EQ(Found(2), 2);
}

TEST_F(SharedPagesTest, ForgetsSoon) {
  pages_.Add(source_, MakePage(10, 19), now_);
  now_ += SharedPages::kLongest;
  EXPECT_EQ(Found(10), 10);
  now_ += std::chrono::milliseconds(1);
  EXPECT_EQ(Found(10), 0);
  EXPECT_EQ(pages_.bytes(), 0u);
}

}  // namespace
}  // namespace gatehouse::service::delivery
