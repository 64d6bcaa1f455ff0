#ifndef GATEHOUSE_TESTS_SUPPORT_SERVER_SERVER_FIXTURE_H_
#define GATEHOUSE_TESTS_SUPPORT_SERVER_SERVER_FIXTURE_H_

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/grpc_client.h"
#include "tests/support/server/test_backend.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse::tests {

// A test of services as callers see them: a server in this process, with all of them and the
// real chain, over a database of the test's own.
//
//   class SessionServiceTest : public ServerFixture {
//    protected:
//     void Configure(TestBackend::Options& options) override {
//       options.config.auth.refresh_grace = std::chrono::seconds(20);
//     }
//   };
class ServerFixture : public testing::Test {
 protected:
  using Caller = TestBackend::Caller;

  ServerFixture();
  ~ServerFixture() override;

  // What the test needs otherwise than TestBackend has it. Before the backend is made.
  virtual void Configure(TestBackend::Options& options) {}

  void SetUp() override;
  void TearDown() override;

  TestBackend& backend() { return *backend_; }
  base::ManualClock& clock() { return backend_->clock; }
  // An administrator, logged in.
  const Caller& admin() const { return admin_; }
  // Without credentials.
  const Caller& nobody() const { return nobody_; }

  // Calls the method that takes `request`. Safe from several threads.
  template <typename Response, typename Request>
  UnaryOutcome<Response> Call(const Caller& caller, const Request& request,
                              CallOptions options = {}) {
    if (!caller.credential.empty()) {
      options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    }
    return client_->Call<Request, Response>(MethodOf(request), request, options);
  }

  // For requests that Call cannot make.
  GrpcClient& raw_client() { return *client_; }

  // The first column of the first row, from the test's database.
  std::string Ask(const std::string& sql);

 private:
  std::string MethodOf(const google::protobuf::Message& request) const;

  struct Serving;
  std::unique_ptr<TestBackend> backend_;
  std::unique_ptr<Serving> serving_;
  std::unique_ptr<GrpcClient> client_;
  Caller admin_;
  const Caller nobody_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_SERVER_SERVER_FIXTURE_H_
