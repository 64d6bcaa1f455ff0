#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "google/protobuf/struct.pb.h"
#include "tests/integration/sessions/threads/threads_fixture.h"

namespace gatehouse::tests {
namespace {

TEST_F(ThreadsTest, AnAgentFindsItsHistoryInTheNextSession) {
  v1::AppendMessagesRequest request = Texts({"Where is my parcel?"});
  v1::ThreadMessage& answer = *request.add_messages();
  answer.set_role(v1::MESSAGE_ROLE_ASSISTANT);
  auto& call =
      *answer.mutable_content()->mutable_list_value()->add_values()->mutable_struct_value();
  (*call.mutable_fields())["tool"].set_string_value("track");
  (*call.mutable_fields())["order"].set_number_value(4711);
  answer.set_key("call-1");
  v1::ThreadMessage& nothing = *request.add_messages();
  nothing.set_role(v1::MESSAGE_ROLE_TOOL);
  nothing.mutable_content()->set_null_value(google::protobuf::NULL_VALUE);
  const auto appended = Append(ada_, request);
  ASSERT_TRUE(appended.ok()) << appended.message;
  LogOut(ada_);

  const auto listed = List(CallerOf(LogIn("ada").response));
  ASSERT_TRUE(listed.ok()) << listed.message;
  EXPECT_EQ(listed.response.message_count(), 3);
  ASSERT_EQ(listed.response.messages_size(), 3);
  for (int i = 0; i < 3; ++i) {
    const v1::ThreadMessage& message = listed.response.messages(i);
    EXPECT_EQ(message.index(), i);
    EXPECT_EQ(message.id(), appended.response.messages(i).id());
    EXPECT_EQ(appended.response.messages(i).index(), i);
    EXPECT_FALSE(appended.response.messages(i).existed());
    EXPECT_EQ(message.role(), request.messages(i).role());
    EXPECT_EQ(message.key(), request.messages(i).key());
    EXPECT_EQ(message.content().DebugString(), request.messages(i).content().DebugString());
    EXPECT_EQ(message.session_id(), ada_.session_id.ToString());
    EXPECT_EQ(message.create_time().seconds(),
              appended.response.messages(i).create_time().seconds());
  }
}

TEST_F(ThreadsTest, AppendingIsOneStatementAndSoIsListing) {
  ASSERT_TRUE(List(ada_).ok());
  uint64_t before = backend().statements();
  uint64_t trips = backend().round_trips();
  ASSERT_TRUE(Append(ada_, Texts({"a", "b", "c"})).ok());
  EXPECT_EQ(backend().statements() - before, 1u);
  EXPECT_EQ(backend().round_trips() - trips, 1u);
  before = backend().statements();
  ASSERT_EQ(List(ada_).response.messages_size(), 3);
  EXPECT_EQ(backend().statements() - before, 1u);
}

TEST_F(ThreadsTest, TheEventIsInTheTransactionAndHoldsNoContent) {
  const auto appended = Append(ada_, Texts({"my secret", "and another"}));
  ASSERT_TRUE(appended.ok()) << appended.message;
  EXPECT_EQ(Ask("SELECT e.details::text FROM gatehouse.event e JOIN gatehouse.thread t ON "
                "t.xmin::text = e.xid::text JOIN gatehouse.thread_message m ON "
                "m.xmin::text = e.xid::text AND m.index = 1 "
                "WHERE e.type = 'session.messages_appended'"),
            R"({"count": 2, "message_ids": [")" + appended.response.messages(0).id() + R"(", ")" +
                appended.response.messages(1).id() + R"("]})");
  EXPECT_EQ(Ask("SELECT targets->0->>'id' || ' ' || (targets->1->>'id') FROM gatehouse.event "
                "WHERE type = 'session.messages_appended'"),
            std::string(kThread) + " " + ada_.id.ToString());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e WHERE e::text LIKE '%my secret%'"), "0");
}

TEST_F(ThreadsTest, ARepeatedRequestIdGetsTheFirstAnswer) {
  ASSERT_TRUE(Append(ada_, Texts({"before"})).ok());
  v1::AppendMessagesRequest request = Texts({"a", "b"});
  AddText(request, "keyed", "key");
  request.set_request_id(kRequestId);
  const auto first = Append(ada_, request);
  ASSERT_TRUE(first.ok()) << first.message;
  EXPECT_EQ(first.response.messages(0).index(), 1);
  ASSERT_TRUE(Append(ada_, Texts({"after"})).ok());
  clock().Advance(std::chrono::minutes(1));
  const auto second = Append(ada_, request);
  ASSERT_TRUE(second.ok()) << second.message;
  EXPECT_EQ(second.response.DebugString(), first.response.DebugString());
  EXPECT_EQ(List(ada_).response.message_count(), 5);
  EXPECT_EQ(CountEvents("session.messages_appended"), "3");
  AddText(request, "more");
  EXPECT_EQ(Append(ada_, request).reason(), "REQUEST_ID_REUSED");
  request.set_request_id("no-uuid");
  EXPECT_EQ(Append(ada_, request).reason(), "INVALID_FIELD");
}

TEST_F(ThreadsTest, TheSameRequestIdAtTheSameTimeAppendsOnce) {
  v1::AppendMessagesRequest request = Texts({"a", "b"});
  request.set_request_id(kRequestId);
  std::vector<std::future<Appended>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(std::launch::async, [&] { return Append(ada_, request); }));
  }
  std::set<std::string> answers;
  for (auto& call : calls) {
    const Appended outcome = call.get();
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    answers.insert(outcome.response.SerializeAsString());
  }
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(List(ada_).response.message_count(), 2);
}

TEST_F(ThreadsTest, AMessageWithAKnownKeyIsNotAddedAgain) {
  v1::AppendMessagesRequest request;
  request.set_thread_id(kThread);
  AddText(request, "a", "key-a");
  AddText(request, "b", "key-b");
  const auto first = Append(ada_, request);
  ASSERT_TRUE(first.ok()) << first.message;
  const auto again = Append(ada_, request);
  ASSERT_TRUE(again.ok()) << again.message;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(again.response.messages(i).existed());
    EXPECT_EQ(again.response.messages(i).id(), first.response.messages(i).id());
    EXPECT_EQ(again.response.messages(i).index(), i);
  }
  EXPECT_EQ(CountEvents("session.messages_appended"), "1") << "nothing was added";

  v1::AppendMessagesRequest mixed;
  mixed.set_thread_id(kThread);
  AddText(mixed, "c", "key-c");
  AddText(mixed, "b", "key-b");
  AddText(mixed, "d");
  for (const bool with_request_id : {true, false}) {
    if (with_request_id) mixed.set_request_id(kRequestId);
    const auto some = Append(ada_, mixed);
    ASSERT_TRUE(some.ok()) << some.message;
    EXPECT_EQ(some.response.messages(0).index(), 2);
    EXPECT_EQ(some.response.messages(1).index(), 1);
    EXPECT_TRUE(some.response.messages(1).existed());
    EXPECT_EQ(some.response.messages(2).index(), 3);
  }
  EXPECT_EQ(TextsOf(List(ada_).response), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(Ask("SELECT details->>'count' FROM gatehouse.event "
                "WHERE type = 'session.messages_appended' ORDER BY event_id DESC LIMIT 1"),
            "2");
}

TEST_F(ThreadsTest, AKeyStandsForOneMessage) {
  v1::AppendMessagesRequest request;
  request.set_thread_id(kThread);
  AddText(request, "a", "key");
  ASSERT_TRUE(Append(ada_, request).ok());
  request.mutable_messages(0)->mutable_content()->set_string_value("other");
  EXPECT_EQ(Append(ada_, request).reason(), "INVALID_FIELD");
  request.mutable_messages(0)->mutable_content()->set_string_value("a");
  request.mutable_messages(0)->set_role(v1::MESSAGE_ROLE_TOOL);
  EXPECT_EQ(Append(ada_, request).reason(), "INVALID_FIELD");
  v1::AppendMessagesRequest twice;
  twice.set_thread_id(kThread);
  AddText(twice, "a", "same");
  AddText(twice, "b", "same");
  EXPECT_EQ(Append(ada_, twice).reason(), "INVALID_FIELD");
  // Another thread has keys of its own.
  request.set_thread_id("other");
  EXPECT_FALSE(Append(ada_, request).response.messages(0).existed());
  EXPECT_EQ(List(ada_).response.message_count(), 1);
}

TEST_F(ThreadsTest, TheSameKeyAtTheSameTimeIsAddedOnce) {
  v1::AppendMessagesRequest request;
  request.set_thread_id(kThread);
  AddText(request, "a", "key");
  std::vector<std::future<Appended>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(std::async(std::launch::async, [&] { return Append(ada_, request); }));
  }
  int added = 0;
  std::set<std::string> ids;
  for (auto& call : calls) {
    const Appended outcome = call.get();
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    added += outcome.response.messages(0).existed() ? 0 : 1;
    ids.insert(outcome.response.messages(0).id());
  }
  EXPECT_EQ(added, 1);
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(List(ada_).response.message_count(), 1);
}

TEST_F(ThreadsTest, CallsAtTheSameTimeGetSuccessiveIndexesThatDoNotMix) {
  constexpr int kCalls = 12;
  constexpr int kEach = 5;
  std::vector<std::future<Appended>> calls;
  for (int i = 0; i < kCalls; ++i) {
    calls.push_back(std::async(std::launch::async, [&, i] {
      v1::AppendMessagesRequest request =
          Texts(std::vector<std::string>(kEach, "of " + std::to_string(i)));
      // Both ways of appending, at the same time.
      if (i % 2 == 0) request.set_request_id(base::Uuid::MakeV7(clock().Now()).ToString());
      return Append(ada_, request);
    }));
  }
  std::set<int64_t> indexes;
  for (auto& call : calls) {
    const Appended outcome = call.get();
    ASSERT_TRUE(outcome.ok()) << outcome.message;
    for (int i = 0; i < kEach; ++i) {
      EXPECT_EQ(outcome.response.messages(i).index(), outcome.response.messages(0).index() + i);
      indexes.insert(outcome.response.messages(i).index());
    }
  }
  EXPECT_EQ(indexes.size(), size_t{kCalls * kEach});
  EXPECT_EQ(*indexes.rbegin(), kCalls * kEach - 1);
  v1::ListMessagesRequest request;
  request.set_thread_id(kThread);
  request.set_page_size(100);
  const auto listed = Call<v1::ListMessagesResponse>(ada_, request);
  ASSERT_EQ(listed.response.messages_size(), kCalls * kEach);
  for (int i = 0; i < kCalls * kEach; ++i) EXPECT_EQ(listed.response.messages(i).index(), i);
}

}  // namespace
}  // namespace gatehouse::tests
