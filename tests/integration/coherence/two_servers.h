#ifndef GATEHOUSE_TESTS_INTEGRATION_COHERENCE_TWO_SERVERS_H_
#define GATEHOUSE_TESTS_INTEGRATION_COHERENCE_TWO_SERVERS_H_

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "service/main/app.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {

// A server as `gatehouse serve` puts it together, and a client of it.
class OneServer {
 public:
  // `name`: another one for each server of a database.
  OneServer(const std::string& dsn, const std::string& name);

  service::App& app() { return *app_; }
  GrpcClient& client() { return *client_; }
  // What it is called in the leases of webhook endpoints.
  const std::string& deliverer() const { return deliverer_; }

  // `method`: without the package, "UserService/GetUser". `tenant`: whom a call without a
  // credential names.
  template <typename Response, typename Request>
  UnaryOutcome<Response> Call(const std::string& credential, const std::string& method,
                              const Request& request, const std::string& tenant = "") {
    return client_->Call<Request, Response>("/gatehouse.v1." + method, request,
                                            OptionsOf(credential, tenant));
  }

  static CallOptions OptionsOf(const std::string& credential, const std::string& tenant = "");

 private:
  const std::string deliverer_;
  std::unique_ptr<service::App> app_;
  std::unique_ptr<GrpcClient> client_;
};

// Two servers over one database. What is changed on one of them, `here`, the other one, `there`,
// knows within a second.
class TwoServers {
 public:
  static constexpr char kPassword[] = "correct horse battery";
  // For what is made of the servers' secrets.
  static constexpr char kTokenPepper[] = "32 bytes that sign refresh token";
  // Invariant 5.
  static constexpr auto kWithin = std::chrono::seconds(1);

  TwoServers();

  const std::string& dsn() const { return dsn_; }
  OneServer& here() { return here_; }
  OneServer& there() { return there_; }
  // Of an API key that may do everything.
  const std::string& operator_key() const { return operator_key_; }

  template <typename Response, typename Request>
  UnaryOutcome<Response> Here(const std::string& method, const Request& request) {
    return here_.Call<Response>(operator_key_, method, request);
  }
  template <typename Response, typename Request>
  UnaryOutcome<Response> HereAs(const std::string& credential, const std::string& method,
                                const Request& request) {
    return here_.Call<Response>(credential, method, request);
  }
  template <typename Response, typename Request>
  UnaryOutcome<Response> There(const std::string& method, const Request& request) {
    return there_.Call<Response>(operator_key_, method, request);
  }
  // What is given in a test: it fails if it cannot be.
  template <typename Response, typename Request>
  Response Must(const std::string& method, const Request& request);

  // Every message of the answer to a request, there, also of a method that streams; `outcome` says
  // how it ended.
  std::vector<std::string> ReadThere(const std::string& method, const std::string& request,
                                     CallOutcome& outcome);

  // Another one each time.
  std::string NewName() { return "name" + std::to_string(names_++); }

  // A user who has logged in twice.
  struct Person {
    std::string id;
    std::string username;
    v1::CreateSessionResponse login;
    v1::CreateSessionResponse other_login;

    const std::string& token() const { return login.tokens().access_token(); }
  };
  Person MakePerson(const std::string& role = "viewer");

  v1::VerifySessionResponse VerifyThere(const std::string& credential);
  v1::User UserThere(const std::string& id);

  // Whether `is_so` becomes true within a second.
  static bool Becomes(const std::function<bool()>& is_so);

  // That `shows`, which asks there, is false before `change`, which calls here, and true within a
  // second of it; and stays so.
  static void Prove(const std::function<CallOutcome()>& change, const std::function<bool()>& shows);
  // The same of a change that ends a credential of which the other server has a verdict in memory,
  // or that alters what it says: `shows` looks at it.
  void ProveVerdict(const std::string& credential, const std::function<CallOutcome()>& change,
                    const std::function<bool(const v1::VerifySessionResponse&)>& shows = IsDead);
  // The same of a change that makes a credential, which it writes to its argument: it is good
  // there.
  void ProveCredential(const std::function<CallOutcome(std::string& credential)>& change);

 private:
  static bool IsDead(const v1::VerifySessionResponse& answer) { return !answer.active(); }
  std::string MakeOperatorKey();

  const std::string dsn_;
  OneServer here_;
  OneServer there_;
  const std::string operator_key_;
  int names_ = 0;
};

template <typename Response, typename Request>
Response TwoServers::Must(const std::string& method, const Request& request) {
  const auto outcome = Here<Response>(method, request);
  EXPECT_TRUE(outcome.ok()) << method << ": " << outcome.message;
  return outcome.response;
}

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_COHERENCE_TWO_SERVERS_H_
