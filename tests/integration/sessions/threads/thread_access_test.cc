#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/uuid.h"
#include "tests/integration/sessions/threads/threads_fixture.h"

namespace gatehouse::tests {
namespace {

TEST_F(ThreadsTest, OthersThreadsLookLikeNoneAtAll) {
  ASSERT_TRUE(Append(ada_, Texts({"mine"})).ok());
  v1::AppendMessagesRequest request = Texts({"yours"});
  request.set_user_id(ada_.id.ToString());
  EXPECT_EQ(Append(bob_, request).reason(), "PERMISSION_DENIED");
  const auto others = List(bob_, ada_.id.ToString());
  const auto none = List(bob_, base::Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(others.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(others.message, none.message);
  v1::DeleteThreadRequest deletion;
  deletion.set_user_id(ada_.id.ToString());
  deletion.set_thread_id(kThread);
  EXPECT_EQ(Call<v1::DeleteThreadResponse>(bob_, deletion).reason(), "PERMISSION_DENIED");
  // Bob's own thread of that name is another one.
  EXPECT_EQ(List(bob_).response.message_count(), 0);
  ASSERT_TRUE(Append(bob_, Texts({"bob's"})).ok());
  EXPECT_EQ(TextsOf(List(ada_).response), std::vector<std::string>{"mine"});

  // Who sees all sessions does not see what was said in them.
  AddUser("eve", "analyst");
  EXPECT_EQ(List(CallerOf(LogIn("eve").response), ada_.id.ToString()).reason(),
            "PERMISSION_DENIED");
  EXPECT_EQ(TextsOf(List(admin(), ada_.id.ToString()).response), std::vector<std::string>{"mine"});

  const Caller service = backend().MakeApiKey({"threads.read", "threads.write"});
  ASSERT_TRUE(Append(service, request).ok());
  const auto listed = List(service, ada_.id.ToString());
  EXPECT_EQ(TextsOf(listed.response), (std::vector<std::string>{"mine", "yours"}));
  EXPECT_EQ(listed.response.messages(1).session_id(), "") << "an API key has none";
  EXPECT_EQ(List(service).reason(), "INVALID_FIELD") << "a key has no threads of its own";
  EXPECT_EQ(List(service, "no-uuid").reason(), "INVALID_FIELD");
}

TEST_F(ThreadsTest, AnotherTenantsUserIsNobody) {
  ASSERT_TRUE(Append(ada_, Texts({"mine"})).ok());
  const Caller foreign =
      backend().MakeApiKey({"threads.read", "threads.write"},
                           *base::Uuid::Parse("00000000-0000-7000-8000-000000000002"));
  v1::AppendMessagesRequest request = Texts({"theirs"});
  request.set_user_id(ada_.id.ToString());
  EXPECT_EQ(Append(foreign, request).reason(), "USER_NOT_FOUND");
  request.set_request_id(kRequestId);
  EXPECT_EQ(Append(foreign, request).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(List(foreign, ada_.id.ToString()).reason(), "USER_NOT_FOUND");
  v1::DeleteThreadRequest deletion;
  deletion.set_user_id(ada_.id.ToString());
  deletion.set_thread_id(kThread);
  EXPECT_EQ(Call<v1::DeleteThreadResponse>(foreign, deletion).reason(), "USER_NOT_FOUND");
  EXPECT_EQ(Rows("thread"), "1");
}

}  // namespace
}  // namespace gatehouse::tests
