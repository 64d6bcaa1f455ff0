#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "tests/integration/sessions/threads/threads_fixture.h"

namespace gatehouse::tests {
namespace {

class ListThreadsTest : public ThreadsTest {
 protected:
  using Outcome = UnaryOutcome<v1::ListThreadsResponse>;

  void AppendTo(const Caller& caller, const std::string& thread_id,
                const std::vector<std::string>& texts) {
    v1::AppendMessagesRequest request = Texts(texts);
    request.set_thread_id(thread_id);
    const auto appended = Append(caller, request);
    ASSERT_TRUE(appended.ok()) << appended.message;
  }

  Outcome ListThreads(const Caller& caller, const std::string& user_id = "", int page_size = 0,
                      const std::string& page_token = "") {
    v1::ListThreadsRequest request;
    request.set_user_id(user_id);
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return Call<v1::ListThreadsResponse>(caller, request);
  }

  static std::vector<std::string> NamesOf(const v1::ListThreadsResponse& response) {
    std::vector<std::string> names;
    for (const v1::Thread& thread : response.threads()) names.push_back(thread.thread_id());
    return names;
  }
};

TEST_F(ListThreadsTest, SaysWhatThereIsOfEach) {
  AppendTo(ada_, "b", {"one", "two"});
  clock().Advance(std::chrono::seconds(60));
  AppendTo(ada_, "a", {"x"});
  AppendTo(ada_, "b", {"three"});
  AppendTo(bob_, "c", {"bob's"});
  const uint64_t before = backend().statements();
  const Outcome listed = ListThreads(ada_);
  EXPECT_EQ(backend().statements() - before, 1u);
  ASSERT_TRUE(listed.ok()) << listed.message;
  ASSERT_EQ(NamesOf(listed.response), (std::vector<std::string>{"a", "b"}));
  const v1::Thread& thread = listed.response.threads(1);
  EXPECT_EQ(thread.message_count(), 3);
  EXPECT_EQ(thread.content_bytes(), 5 + 5 + 7);
  EXPECT_EQ(thread.update_time().seconds() - thread.create_time().seconds(), 60);
  EXPECT_EQ(listed.response.content_bytes(), 3 + 5 + 5 + 7);
  EXPECT_EQ(listed.response.next_page_token(), "");
}

TEST_F(ListThreadsTest, WithoutThreadsIsAnEmptyList) {
  const Outcome listed = ListThreads(ada_);
  ASSERT_TRUE(listed.ok()) << listed.message;
  EXPECT_EQ(listed.response.threads_size(), 0);
  EXPECT_EQ(listed.response.content_bytes(), 0);
}

TEST_F(ListThreadsTest, ListsInPagesByTheBytesOfNames) {
  const std::vector<std::string> names = {"A", "B", "a", "\xC3\xA4", "b"};
  for (const std::string& name : names) AppendTo(ada_, name, {"x"});
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  std::vector<std::string> seen;
  std::string token;
  do {
    const Outcome page = ListThreads(ada_, "", 2, token);
    ASSERT_TRUE(page.ok()) << page.message;
    EXPECT_LE(page.response.threads_size(), 2);
    for (const std::string& name : NamesOf(page.response)) seen.push_back(name);
    token = page.response.next_page_token();
  } while (!token.empty());
  EXPECT_EQ(seen, sorted);
  // What is added or goes meanwhile moves nothing else.
  const std::string second = ListThreads(ada_, "", 1).response.next_page_token();
  AppendTo(ada_, "0", {"x"});
  EXPECT_EQ(NamesOf(ListThreads(ada_, "", 1, second).response), std::vector<std::string>{"B"});
  EXPECT_EQ(ListThreads(bob_, "", 1, second).reason(), "INVALID_PAGE_TOKEN");
  EXPECT_EQ(ListThreads(ada_, "", -1).reason(), "INVALID_FIELD");
}

TEST_F(ListThreadsTest, OthersThreadsNeedAPermission) {
  AppendTo(ada_, "a", {"x"});
  const std::string ada = ada_.id.ToString();
  const Outcome others = ListThreads(bob_, ada);
  EXPECT_EQ(others.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(ListThreads(bob_, base::Uuid::MakeV7(clock().Now()).ToString()).message,
            others.message);
  EXPECT_EQ(NamesOf(ListThreads(admin(), ada).response), std::vector<std::string>{"a"});
  const Caller service = backend().MakeApiKey({"threads.read"});
  EXPECT_EQ(NamesOf(ListThreads(service, ada).response), std::vector<std::string>{"a"});
  EXPECT_EQ(ListThreads(service).reason(), "INVALID_FIELD") << "a key has no threads of its own";
  EXPECT_EQ(ListThreads(service, "no-uuid").reason(), "INVALID_FIELD");
  EXPECT_EQ(ListThreads(admin(), base::Uuid::MakeV7(clock().Now()).ToString()).reason(),
            "USER_NOT_FOUND");
  const Caller foreign = backend().MakeApiKey(
      {"threads.read"}, *base::Uuid::Parse("00000000-0000-7000-8000-000000000002"));
  EXPECT_EQ(ListThreads(foreign, ada).reason(), "USER_NOT_FOUND");
}

}  // namespace
}  // namespace gatehouse::tests
