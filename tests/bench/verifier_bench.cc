// How soon a logout reaches a verifier elsewhere, and what a check costs it. Prints one line of
// JSON:
//   {"logout_p50_ms": X, "logout_p99_ms": X, "check_us": X, "first_check_us": X}
//
//   GATEHOUSE_API_KEY=... GATEHOUSE_PASSWORD=... verifier_bench --address=127.0.0.1:50051
//   --login=root --logouts=200
//
// A logout is measured from when its call is made to the first check of the verifier that refuses
// its token. While none is under way nothing else asks.

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "auth/verifier/message_call.h"
#include "auth/verifier/verifier.h"
#include "base/async/mutex.h"
#include "gatehouse/v1/session.pb.h"

namespace {

using gatehouse::auth::MessageCall;
using gatehouse::auth::Verifier;
using std::chrono::duration;
using std::chrono::steady_clock;
namespace v1 = gatehouse::v1;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::microseconds kBetweenChecks{100};

struct Options {
  std::string address;
  std::string login;
  int logouts = 200;
  int checks = 1'000'000;
  int tokens = 50;
};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

template <typename Response, typename Request>
Response Call(grpc::GenericStub& stub, const std::string& method, const std::string& credential,
              const Request& request) {
  MessageCall call(stub, "/gatehouse.v1.SessionService/" + method, credential);
  Response response;
  if (!call.Send(request) || call.Read(&response, kPatience) != MessageCall::Heard::kMessage) {
    throw std::runtime_error(method + ": " + call.Finish().ToString());
  }
  return response;
}

// A token of a session of its own.
std::string LogIn(grpc::GenericStub& stub, const Options& options) {
  v1::CreateSessionRequest request;
  request.set_login(options.login);
  request.set_password(Variable("GATEHOUSE_PASSWORD"));
  return Call<v1::CreateSessionResponse>(stub, "CreateSession", "", request)
      .tokens()
      .access_token();
}

double LogoutMs(grpc::GenericStub& stub, const Options& options, Verifier& verifier) {
  const std::string token = LogIn(stub, options);
  if (!verifier.Verify(token).ok()) throw std::runtime_error("a live token is refused");
  gatehouse::base::Mutex mutex;
  gatehouse::base::CondVar never;
  const auto begin = steady_clock::now();
  Call<v1::RevokeSessionResponse>(stub, "RevokeSession", token, v1::RevokeSessionRequest());
  gatehouse::base::MutexLock lock(mutex);
  while (verifier.Verify(token).ok()) {
    if (steady_clock::now() - begin > kPatience) throw std::runtime_error("a logout was lost");
    never.WaitUntil(mutex, steady_clock::now() + kBetweenChecks);
  }
  return duration<double, std::milli>(steady_clock::now() - begin).count();
}

// The mean of `checks` checks of tokens in turn.
double CheckUs(const std::vector<std::string>& tokens, int checks, Verifier& verifier) {
  int refused = 0;
  const auto begin = steady_clock::now();
  for (int i = 0; i < checks; ++i) refused += !verifier.Verify(tokens[i % tokens.size()]).ok();
  const double us = duration<double, std::micro>(steady_clock::now() - begin).count() / checks;
  if (refused > 0) throw std::runtime_error("a live token is refused");
  return us;
}

void Run(const Options& options) {
  grpc::GenericStub stub(grpc::CreateChannel(options.address, grpc::InsecureChannelCredentials()));
  Verifier verifier(options.address, grpc::InsecureChannelCredentials(),
                    {.api_key = Variable("GATEHOUSE_API_KEY")});
  verifier.Start();
  if (!verifier.WaitUntilReady(kPatience)) throw std::runtime_error("not ready");
  std::vector<double> logouts;
  for (int i = 0; i < options.logouts; ++i) logouts.push_back(LogoutMs(stub, options, verifier));
  std::sort(logouts.begin(), logouts.end());

  std::vector<std::string> tokens;
  for (int i = 0; i < options.tokens; ++i) tokens.push_back(LogIn(stub, options));
  const double first = CheckUs(tokens, options.tokens, verifier);
  const double again = CheckUs(tokens, options.checks, verifier);
  std::cout << "{\"logout_p50_ms\": " << logouts[logouts.size() / 2]
            << ", \"logout_p99_ms\": " << logouts[logouts.size() * 99 / 100]
            << ", \"check_us\": " << again << ", \"first_check_us\": " << first << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("measures verifiers");
  app.add_option("--address", options.address)->required();
  app.add_option("--login", options.login)->required();
  app.add_option("--logouts", options.logouts)->check(CLI::Range(1, 100'000));
  app.add_option("--checks", options.checks)->check(CLI::Range(1, 100'000'000));
  app.add_option("--tokens", options.tokens)->check(CLI::Range(1, 90));
  CLI11_PARSE(app, argc, argv);
  try {
    Run(options);
  } catch (const std::exception& error) {
    std::cerr << "verifier_bench: " << error.what() << "\n";
    return 1;
  }
}
