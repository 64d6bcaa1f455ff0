#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <vector>

#include "tests/integration/sessions/threads/threads_fixture.h"

namespace gatehouse::tests {
namespace {

TEST_F(ThreadsTest, ADeletedThreadIsGoneForGood) {
  v1::AppendMessagesRequest request = Texts({"a", "b"});
  AddText(request, "c", "key");
  ASSERT_TRUE(Append(ada_, request).ok());
  ASSERT_TRUE(Append(bob_, Texts({"bob's"})).ok());
  const auto deleted = Delete(ada_, kRequestId);
  ASSERT_TRUE(deleted.ok()) << deleted.message;
  EXPECT_EQ(deleted.response.deleted_count(), 3);
  EXPECT_EQ(Rows("thread_message"), "1") << "bob's";
  EXPECT_EQ(List(ada_).response.message_count(), 0);
  EXPECT_EQ(Ask("SELECT details::text FROM gatehouse.event WHERE type = 'session.thread_deleted'"),
            R"({"count": 3})");

  const auto nothing = Delete(ada_);
  ASSERT_TRUE(nothing.ok()) << nothing.message;
  EXPECT_EQ(nothing.response.deleted_count(), 0);
  EXPECT_EQ(CountEvents("session.thread_deleted"), "1");

  // Another thread of that name knows none of its keys, and a retry does not end it.
  const auto anew = Append(ada_, request);
  EXPECT_EQ(anew.response.messages(2).index(), 2);
  EXPECT_FALSE(anew.response.messages(2).existed());
  EXPECT_EQ(Delete(ada_, kRequestId).response.deleted_count(), 3);
  EXPECT_EQ(List(ada_).response.message_count(), 3);
}

TEST_F(ThreadsTest, DeletingWhileOthersAddLeavesNothingBehind) {
  std::vector<std::future<bool>> calls;
  for (int i = 0; i < 12; ++i) {
    calls.push_back(std::async(std::launch::async, [&, i] {
      return i % 3 == 0 ? Delete(ada_).ok() : Append(ada_, Texts({"a", "b"})).ok();
    }));
  }
  for (auto& call : calls) EXPECT_TRUE(call.get());
  ASSERT_TRUE(Delete(ada_).ok());
  EXPECT_EQ(Rows("thread"), "0");
  EXPECT_EQ(Rows("thread_message"), "0");
}

TEST_F(ThreadsTest, ADeletedUsersThreadsGoWithIt) {
  ASSERT_TRUE(Append(ada_, Texts({"a"})).ok());
  ASSERT_TRUE(Append(bob_, Texts({"b"})).ok());
  for (const Caller& caller : {ada_, bob_}) {
    v1::DeleteUserRequest deletion;
    deletion.set_user_id(caller.id.ToString());
    ASSERT_TRUE(Call<v1::DeleteUserResponse>(admin(), deletion).ok());
    EXPECT_EQ(List(admin(), caller.id.ToString()).reason(), "USER_NOT_FOUND");
  }
  v1::AppendMessagesRequest late = Texts({"late"});
  late.set_user_id(ada_.id.ToString());
  EXPECT_EQ(Append(admin(), late).reason(), "USER_NOT_FOUND");
  EXPECT_FALSE(Purge()) << "it can be brought back for 30 days";

  v1::UndeleteUserRequest undelete;
  undelete.set_user_id(bob_.id.ToString());
  ASSERT_TRUE(Call<v1::UndeleteUserResponse>(admin(), undelete).ok());
  clock().Advance(std::chrono::hours(24 * 30));
  while (Purge()) {
  }
  EXPECT_EQ(Ask("SELECT string_agg(m.content::text, ',') FROM gatehouse.thread_message m JOIN "
                "gatehouse.thread USING (tenant_id, thread_uid)"),
            R"("b")");
  EXPECT_EQ(Rows("thread"), "1");
  EXPECT_EQ(Rows("thread_message"), "1");
  EXPECT_EQ(Rows("thread_purge"), "0");
  EXPECT_EQ(Ask("SELECT message_count FROM gatehouse.thread"), "1");
}

}  // namespace
}  // namespace gatehouse::tests
