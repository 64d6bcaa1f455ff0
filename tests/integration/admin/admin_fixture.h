#ifndef GATEHOUSE_TESTS_INTEGRATION_ADMIN_ADMIN_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_ADMIN_ADMIN_FIXTURE_H_

#include <string>

#include "absl/status/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {

// An operator, who calls with an API key: it outlives the keys that sign access tokens.
class AdminFixture : public SessionFixture {
 protected:
  static constexpr char kRequestId[] = "0193d5a0-0000-4000-8000-000000000001";

  void SetUp() override {
    SessionFixture::SetUp();
    operator_ = backend().MakeApiKey({"admin.read", "admin.write", "sessions.verify"});
  }

  v1::GetServerHealthResponse Health() {
    const auto outcome = Call<v1::GetServerHealthResponse>(operator_, v1::GetServerHealthRequest());
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  // Whether an access token is good, whoever has asked before.
  bool Works(const std::string& token) {
    v1::VerifySessionRequest request;
    request.set_token(token);
    const auto outcome = Call<v1::VerifySessionResponse>(operator_, request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.active();
  }

  Caller operator_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_ADMIN_ADMIN_FIXTURE_H_
