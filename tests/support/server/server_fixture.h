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

namespace gatehouse::rpc {
class MethodRegistry;
}

namespace gatehouse::tests {

// A test of services as callers see them: a server in this process, with the
// real chain, over a database of the test's own.
//
//   class UserServiceTest : public ServerFixture {
//    protected:
//     void AddServices(rpc::MethodRegistry& registry) override {
//       users_ = std::make_unique<service::UserService>(...backend()...);
//       RegisterUserService(registry, *users_);
//     }
//     std::unique_ptr<service::UserService> users_;
//   };
class ServerFixture : public testing::Test {
 protected:
  using Caller = TestBackend::Caller;

  ServerFixture();
  ~ServerFixture() override;

  // Makes the services and registers their methods, once the backend is there.
  // Services are members of the subclass, which live until the server has stopped.
  virtual void AddServices(rpc::MethodRegistry& registry) = 0;

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
  static std::string MethodOf(const google::protobuf::Message& request);

  struct Serving;
  std::unique_ptr<TestBackend> backend_;
  std::unique_ptr<Serving> serving_;
  std::unique_ptr<GrpcClient> client_;
  Caller admin_;
  const Caller nobody_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_SERVER_SERVER_FIXTURE_H_
