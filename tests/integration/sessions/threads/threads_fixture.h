#ifndef GATEHOUSE_TESTS_INTEGRATION_SESSIONS_THREADS_THREADS_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_SESSIONS_THREADS_THREADS_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "google/rpc/error_details.pb.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {

inline constexpr char kThread[] = "support-4711";
inline constexpr char kRequestId[] = "0193d5a0-0000-4000-8000-000000000001";

// Conversation threads: what agents save and load through sessions' service.
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

  // Of which limit the answer to `request` says that it is reached. Who only asks is told the same.
  std::string QuotaOf(const Caller& caller, v1::AppendMessagesRequest request) {
    const std::string quota = Quota(Append(caller, request));
    request.set_validate_only(true);
    EXPECT_EQ(Quota(Append(caller, request)), quota);
    return quota;
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

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_SESSIONS_THREADS_THREADS_FIXTURE_H_
