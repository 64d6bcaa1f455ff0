#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/struct.pb.h"
#include "tests/integration/sessions/threads/threads_fixture.h"

namespace gatehouse::tests {
namespace {

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
  EXPECT_EQ(QuotaOf(ada_, Texts({"b", "c"})), "messages of a thread");
  const auto last = Append(ada_, Texts({"b"}));
  ASSERT_TRUE(last.ok()) << last.message;
  EXPECT_EQ(last.response.messages(0).index(), 9999);
  EXPECT_EQ(Append(ada_, Texts({"c"})).code, absl::StatusCode::kResourceExhausted);
  Ask("UPDATE gatehouse.thread SET message_count = 3, content_bytes = 64 * 1024 * 1024 - 3 "
      "RETURNING 1");
  EXPECT_EQ(QuotaOf(ada_, Texts({"bc"})), "messages of a thread");
  EXPECT_TRUE(Append(ada_, Texts({"b"})).ok());

  Ask("WITH made AS (INSERT INTO gatehouse.thread SELECT tenant_id, user_id, 'thread-' || i, "
      "thread_uid, 0, 0, create_time, update_time FROM gatehouse.thread, "
      "generate_series(1, 9998) AS i RETURNING 1) SELECT count(*) FROM made");
  v1::AppendMessagesRequest another = Texts({"a"});
  another.set_thread_id("the last");
  EXPECT_TRUE(Append(ada_, another).ok());
  another.set_thread_id("one too many");
  EXPECT_EQ(QuotaOf(ada_, another), "threads of a user");
  another.set_thread_id("the last");
  EXPECT_TRUE(Append(ada_, another).ok());
  EXPECT_TRUE(Append(bob_, another).ok()) << "others have their own";
}

TEST_F(ThreadsTest, AUsersThreadsHaveALimitTogether) {
  ASSERT_TRUE(Append(ada_, Texts({"ab"})).ok());
  EXPECT_EQ(Ask("SELECT content_bytes FROM gatehouse.thread_usage"), "4");
  Ask("UPDATE gatehouse.thread_usage SET content_bytes = 1024 * 1024 * 1024 - 7 RETURNING 1");
  v1::AppendMessagesRequest another = Texts({"cd"});
  another.set_thread_id("another");
  ASSERT_TRUE(Append(ada_, another).ok());
  EXPECT_EQ(QuotaOf(ada_, another), "bytes of a user's threads");
  EXPECT_EQ(QuotaOf(ada_, Texts({"cd"})), "bytes of a user's threads");
  EXPECT_TRUE(Append(ada_, Texts({"c"})).ok());
  EXPECT_TRUE(Append(bob_, another).ok()) << "others have their own";

  // What is deleted makes room, and what was refused took none.
  ASSERT_TRUE(Delete(ada_).ok());
  EXPECT_EQ(Ask("SELECT 1024 * 1024 * 1024 - content_bytes FROM gatehouse.thread_usage "
                "WHERE user_id = '" +
                ada_.id.ToString() + "'"),
            "7");
  EXPECT_TRUE(Append(ada_, another).ok());
}

}  // namespace
}  // namespace gatehouse::tests
