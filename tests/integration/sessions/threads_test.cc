// Conversation threads: what agents save and load through sessions' service.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "google/protobuf/struct.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr char kThread[] = "support-4711";
constexpr char kRequestId[] = "0193d5a0-0000-4000-8000-000000000001";

class ThreadsTest : public SessionFixture {
 protected:
  using Appended = UnaryOutcome<v1::AppendMessagesResponse>;
  using Listed = UnaryOutcome<v1::ListMessagesResponse>;

  void SetUp() override {
    SessionFixture::SetUp();
    AddUser("ada");
    AddUser("bob");
    ada_ = CallerOf(LogIn("ada").response);
    bob_ = CallerOf(LogIn("bob").response);
  }

  static v1::ThreadMessage& AddText(v1::AppendMessagesRequest& request, const std::string& text,
                                    const std::string& key = "") {
    v1::ThreadMessage& message = *request.add_messages();
    message.set_role(v1::MESSAGE_ROLE_USER);
    message.mutable_content()->set_string_value(text);
    message.set_key(key);
    return message;
  }

  static v1::AppendMessagesRequest Texts(const std::vector<std::string>& texts) {
    v1::AppendMessagesRequest request;
    request.set_thread_id(kThread);
    for (const std::string& text : texts) AddText(request, text);
    return request;
  }

  Appended Append(const Caller& caller, const v1::AppendMessagesRequest& request) {
    return Call<v1::AppendMessagesResponse>(caller, request);
  }

  Listed List(const Caller& caller, const std::string& user_id = "") {
    v1::ListMessagesRequest request;
    request.set_user_id(user_id);
    request.set_thread_id(kThread);
    return Call<v1::ListMessagesResponse>(caller, request);
  }

  UnaryOutcome<v1::DeleteThreadResponse> Delete(const Caller& caller,
                                                const std::string& request_id = "") {
    v1::DeleteThreadRequest request;
    request.set_thread_id(kThread);
    request.set_request_id(request_id);
    return Call<v1::DeleteThreadResponse>(caller, request);
  }

  static std::vector<std::string> TextsOf(const v1::ListMessagesResponse& response) {
    std::vector<std::string> texts;
    for (const v1::ThreadMessage& message : response.messages()) {
      texts.push_back(message.content().string_value());
    }
    return texts;
  }

  // Of which limit a refusal says that it is reached.
  static std::string Quota(const CallOutcome& outcome) {
    EXPECT_EQ(outcome.code, absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(outcome.reason(), "LIMIT_REACHED");
    const auto failure = outcome.Detail<google::rpc::QuotaFailure>();
    return failure && failure->violations_size() == 1 ? failure->violations(0).subject() : "";
  }

  std::string Rows(const std::string& table) {
    return Ask("SELECT count(*) FROM gatehouse." + table);
  }

  bool Purge() {
    const auto more = backend().runner.Run<absl::StatusOr<bool>>([&] {
      return backend().storage->threads.Purge(backend().SystemContext(), base::kDefaultTenantId,
                                              clock().Now());
    });
    EXPECT_TRUE(more.ok()) << more.status();
    return more.value_or(false);
  }

  Caller ada_;
  Caller bob_;
};

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

TEST_F(ThreadsTest, RefusesWhatNoMessageCanBe) {
  const auto reason = [&](const auto& change) {
    v1::AppendMessagesRequest request = Texts({"good", "changed"});
    change(request, *request.mutable_messages(1));
    return Append(ada_, request).reason();
  };
  using Request = v1::AppendMessagesRequest;
  using Message = v1::ThreadMessage;
  EXPECT_EQ(reason([](Request&, Message& m) { m.clear_content(); }), "INVALID_FIELD");
  EXPECT_EQ(reason([](Request&, Message& m) { m.mutable_content()->Clear(); }), "INVALID_FIELD");
  EXPECT_EQ(reason([](Request&, Message& m) { m.clear_role(); }), "INVALID_FIELD");
  EXPECT_EQ(reason([](Request&, Message& m) { m.set_role(static_cast<v1::MessageRole>(5)); }),
            "INVALID_FIELD");
  EXPECT_EQ(reason([](Request&, Message& m) {
              m.mutable_content()->set_string_value(std::string("a\0b", 3));
            }),
            "INVALID_FIELD");
  EXPECT_EQ(reason([](Request&, Message& m) {
              m.mutable_content()->set_string_value(std::string((256 << 10) - 1, 'x'));
            }),
            "TOO_LARGE");
  EXPECT_EQ(reason([](Request&, Message& m) { m.set_key(std::string(201, 'k')); }),
            "INVALID_FIELD");
  EXPECT_EQ(reason([](Request&, Message& m) {
              google::protobuf::Value* value = m.mutable_content();
              for (int i = 0; i < 33; ++i) value = value->mutable_list_value()->add_values();
              value->set_bool_value(true);
            }),
            "INVALID_FIELD");
  EXPECT_EQ(reason([](Request& r, Message&) { r.clear_messages(); }), "INVALID_FIELD");
  EXPECT_EQ(reason([](Request& r, Message&) { r.clear_thread_id(); }), "INVALID_FIELD");
  EXPECT_EQ(reason([](Request& r, Message&) { r.set_thread_id(std::string(201, 't')); }),
            "INVALID_FIELD");
  EXPECT_EQ(reason([](Request& r, Message&) {
              for (int i = 0; i < 99; ++i) AddText(r, "more");
            }),
            "INVALID_FIELD");
  EXPECT_EQ(List(ada_).response.message_count(), 0) << "all or none";

  v1::AppendMessagesRequest largest = Texts({std::string((256 << 10) - 2, 'x')});
  EXPECT_TRUE(Append(ada_, largest).ok());
  EXPECT_TRUE(Append(ada_, Texts(std::vector<std::string>(100, "x"))).ok());

  v1::ListMessagesRequest listing;
  listing.set_thread_id(kThread);
  listing.set_order_by("create_time");
  EXPECT_EQ(Call<v1::ListMessagesResponse>(ada_, listing).reason(), "INVALID_FIELD");
  listing.clear_order_by();
  listing.set_min_index(-1);
  EXPECT_EQ(Call<v1::ListMessagesResponse>(ada_, listing).reason(), "INVALID_FIELD");
  listing.clear_min_index();
  listing.set_page_size(-1);
  EXPECT_EQ(Call<v1::ListMessagesResponse>(ada_, listing).reason(), "INVALID_FIELD");
}

TEST_F(ThreadsTest, AThreadHasItsLimits) {
  ASSERT_TRUE(Append(ada_, Texts({"a"})).ok());
  Ask("UPDATE gatehouse.thread SET message_count = 9999 RETURNING 1");
  EXPECT_EQ(Quota(Append(ada_, Texts({"b", "c"}))), "messages of a thread");
  const auto last = Append(ada_, Texts({"b"}));
  ASSERT_TRUE(last.ok()) << last.message;
  EXPECT_EQ(last.response.messages(0).index(), 9999);
  EXPECT_EQ(Append(ada_, Texts({"c"})).code, absl::StatusCode::kResourceExhausted);
  Ask("UPDATE gatehouse.thread SET message_count = 3, content_bytes = 64 * 1024 * 1024 - 3 "
      "RETURNING 1");
  EXPECT_EQ(Quota(Append(ada_, Texts({"bc"}))), "messages of a thread");
  EXPECT_TRUE(Append(ada_, Texts({"b"})).ok());

  Ask("WITH made AS (INSERT INTO gatehouse.thread SELECT tenant_id, user_id, 'thread-' || i, "
      "thread_uid, 0, 0, create_time, update_time FROM gatehouse.thread, "
      "generate_series(1, 9998) AS i RETURNING 1) SELECT count(*) FROM made");
  v1::AppendMessagesRequest another = Texts({"a"});
  another.set_thread_id("the last");
  EXPECT_TRUE(Append(ada_, another).ok());
  another.set_thread_id("one too many");
  EXPECT_EQ(Quota(Append(ada_, another)), "threads of a user");
  another.set_thread_id("the last");
  EXPECT_TRUE(Append(ada_, another).ok());
  EXPECT_TRUE(Append(bob_, another).ok()) << "others have their own";
}

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
