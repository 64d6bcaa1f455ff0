#ifndef GATEHOUSE_RPC_CHAIN_FAKE_SERVER_CALL_H_
#define GATEHOUSE_RPC_CHAIN_FAKE_SERVER_CALL_H_

#include <google/protobuf/message.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/chain/server_call.h"

namespace gatehouse::rpc {

// A call without a network, for tests of interceptors. Set what they should
// see, look at what they did.
class FakeServerCall final : public ServerCall {
 public:
  explicit FakeServerCall(base::Loop& loop, MethodInfo method = {})
      : FakeServerCall(base::CallContext(loop, {.method = method.name}), method) {}
  FakeServerCall(base::CallContext context, MethodInfo method)
      : method_(std::move(method)), context_(std::move(context)) {}

  const MethodInfo& method() const override { return method_; }
  MethodInfo& mutable_method() { return method_; }
  const base::CallContext& context() const override { return context_; }
  base::SteadyTime start_time() const override { return started; }
  std::optional<std::string_view> Metadata(std::string_view name) const override {
    const auto it = metadata.find(name);
    if (it == metadata.end()) return std::nullopt;
    return it->second;
  }
  void AddHeader(std::string_view name, std::string_view value) override {
    headers[std::string(name)] = std::string(value);
  }
  void AddTrailer(std::string_view name, std::string_view value) override {
    trailers[std::string(name)] = std::string(value);
  }
  const ClientCertificate* client_certificate() const override {
    return certificate ? &*certificate : nullptr;
  }
  std::optional<std::chrono::nanoseconds> ClientTimeLeft() const override {
    return client_time_left;
  }
  void CancelAt(base::SteadyTime when) override { cancel_at = when; }
  size_t RequestBytes() const override { return request_bytes; }
  base::Task<absl::Status> ReadRequest() override { co_return absl::OkStatus(); }
  const google::protobuf::Message* request() const override { return message.get(); }

  std::map<std::string, std::string, std::less<>> metadata;
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> trailers;
  std::optional<ClientCertificate> certificate;
  std::optional<std::chrono::nanoseconds> client_time_left;
  std::optional<base::SteadyTime> cancel_at;
  size_t request_bytes = 0;
  std::unique_ptr<google::protobuf::Message> message;
  base::SteadyTime started = std::chrono::steady_clock::now();

 private:
  MethodInfo method_;
  const base::CallContext context_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_CHAIN_FAKE_SERVER_CALL_H_
