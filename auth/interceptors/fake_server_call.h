#ifndef GATEHOUSE_AUTH_INTERCEPTORS_FAKE_SERVER_CALL_H_
#define GATEHOUSE_AUTH_INTERCEPTORS_FAKE_SERVER_CALL_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/chain/server_call.h"

namespace gatehouse::auth {

// A call without a network, for tests of interceptors.
class FakeServerCall : public rpc::ServerCall {
 public:
  FakeServerCall(base::CallContext context, rpc::AccessPolicy access)
      : context_(std::move(context)), method_{.name = "/test.Service/Method", .access = access} {}

  std::map<std::string, std::string, std::less<>> headers;
  base::SteadyTime time = {};

  rpc::MethodInfo& mutable_method() { return method_; }

  const rpc::MethodInfo& method() const override { return method_; }
  const base::CallContext& context() const override { return context_; }
  base::SteadyTime start_time() const override { return time; }
  std::optional<std::string_view> Metadata(std::string_view name) const override {
    const auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return found->second;
  }
  void AddTrailer(std::string_view name, std::string_view value) override {}
  std::string peer() const override { return "ipv4:192.0.2.1:1234"; }
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override { return std::nullopt; }
  void CancelAt(base::SteadyTime when) override {}
  base::Task<absl::Status> ReadRequest() override { co_return absl::OkStatus(); }
  const google::protobuf::Message* request() const override { return nullptr; }

 private:
  base::CallContext context_;
  rpc::MethodInfo method_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_INTERCEPTORS_FAKE_SERVER_CALL_H_
