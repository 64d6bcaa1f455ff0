#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/integration/sessions/threads/threads_fixture.h"

namespace gatehouse::tests {
namespace {

TEST_F(ThreadsTest, ListsInPagesBothWays) {
  ASSERT_TRUE(Append(ada_, Texts({"0", "1", "2", "3", "4", "5", "6"})).ok());
  for (const bool newest_first : {false, true}) {
    for (const int from : {0, 3}) {
      v1::ListMessagesRequest request;
      request.set_thread_id(kThread);
      request.set_order_by(newest_first ? "index desc" : "index");
      request.set_min_index(from);
      request.set_page_size(2);
      std::vector<int64_t> indexes;
      do {
        const auto page = Call<v1::ListMessagesResponse>(ada_, request);
        ASSERT_TRUE(page.ok()) << page.message;
        EXPECT_LE(page.response.messages_size(), 2);
        EXPECT_EQ(page.response.message_count(), 7);
        for (const auto& message : page.response.messages()) indexes.push_back(message.index());
        request.set_page_token(page.response.next_page_token());
      } while (!request.page_token().empty());
      EXPECT_EQ(indexes.size(), static_cast<size_t>(7 - from));
      if (newest_first) std::ranges::reverse(indexes);
      for (size_t i = 0; i < indexes.size(); ++i) {
        EXPECT_EQ(indexes[i], from + static_cast<int64_t>(i));
      }
    }
  }
}

TEST_F(ThreadsTest, APageTokenIsGoodForItsThreadAndOrderAlone) {
  ASSERT_TRUE(Append(ada_, Texts({"0", "1", "2"})).ok());
  v1::ListMessagesRequest request;
  request.set_thread_id(kThread);
  request.set_page_size(1);
  request.set_page_token(Call<v1::ListMessagesResponse>(ada_, request).response.next_page_token());
  ASSERT_EQ(Call<v1::ListMessagesResponse>(ada_, request).response.messages(0).index(), 1);
  const auto refused = [&](const Caller& caller, const v1::ListMessagesRequest& changed) {
    EXPECT_EQ(Call<v1::ListMessagesResponse>(caller, changed).reason(), "INVALID_PAGE_TOKEN");
  };
  v1::ListMessagesRequest changed = request;
  changed.set_order_by("index desc");
  refused(ada_, changed);
  changed = request;
  changed.set_min_index(1);
  refused(ada_, changed);
  changed = request;
  changed.set_thread_id("other");
  refused(ada_, changed);
  refused(bob_, request);
  changed.set_page_token("rubbish");
  refused(ada_, changed);
}

TEST_F(ThreadsTest, APageOfLargeMessagesStaysBelowWhatClientsTake) {
  // A number takes more bytes in a message than in the JSON that the limit is about.
  v1::AppendMessagesRequest request = Texts({});
  auto& list = *AddText(request, "").mutable_content()->mutable_list_value();
  for (int i = 0; i < 100'000; ++i) list.add_values()->set_number_value(1);
  for (int i = 0; i < 5; ++i) {
    const auto appended = Append(ada_, request);
    ASSERT_TRUE(appended.ok()) << appended.message;
  }
  v1::ListMessagesRequest listing;
  listing.set_thread_id(kThread);
  int listed = 0;
  do {
    const auto page = Call<v1::ListMessagesResponse>(ada_, listing);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LT(page.response.ByteSizeLong(), size_t{4} << 20);
    EXPECT_GT(page.response.messages_size(), 0);
    listed += page.response.messages_size();
    listing.set_page_token(page.response.next_page_token());
  } while (!listing.page_token().empty());
  EXPECT_EQ(listed, 5);
}

}  // namespace
}  // namespace gatehouse::tests
