// A client of grpc.testing.TestService by gRPC's library for C++. What it prints is said in
// ../README.md.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <future>
#include <initializer_list>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "interop/interop.pb.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

constexpr int32_t kStreamed[] = {31415, 9, 2653, 58979};

std::string Method(std::string_view name) {
  return "/grpc.testing.TestService/" + std::string(name);
}

void Check(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

void CheckCode(const CallOutcome& outcome, StatusCode code) {
  Check(outcome.code == code, absl::StatusCodeToString(outcome.code) + " " + outcome.message +
                                  ", not " + absl::StatusCodeToString(code));
}

SimpleRequest Sized(size_t request, int32_t response) {
  SimpleRequest made;
  made.mutable_payload()->set_body(std::string(request, '\0'));
  made.set_response_size(response);
  return made;
}

UnaryOutcome<SimpleResponse> CallUnary(GrpcClient& client, const SimpleRequest& request,
                                       const CallOptions& options = {}) {
  return client.Call<SimpleRequest, SimpleResponse>(Method("UnaryCall"), request, options);
}

void CheckUnary(GrpcClient& client, size_t request, int32_t response,
                const CallOptions& options = {}) {
  const auto outcome = CallUnary(client, Sized(request, response), options);
  CheckCode(outcome, StatusCode::kOk);
  Check(outcome.response.payload().body().size() == static_cast<size_t>(response),
        "an answer of another size");
}

std::string Asking(std::initializer_list<int32_t> sizes) {
  StreamingOutputCallRequest request;
  for (const int32_t size : sizes) request.add_response_parameters()->set_size(size);
  return request.SerializeAsString();
}

// The size of the next message of a stream.
size_t ReadSize(ClientStream& stream) {
  std::string bytes;
  Check(stream.Read(&bytes), "the stream ends too soon");
  StreamingOutputCallResponse response;
  Check(response.ParseFromString(bytes), "a malformed message");
  return response.payload().body().size();
}

void CheckClientStreaming(GrpcClient& client, const CallOptions& options = {}) {
  const auto stream = client.Open(Method("StreamingInputCall"), options);
  for (const size_t size : {27182, 8, 1828, 45904}) {
    StreamingInputCallRequest request;
    request.mutable_payload()->set_body(std::string(size, '\0'));
    Check(stream->Write(request.SerializeAsString()), "a message is not taken");
  }
  stream->WritesDone();
  std::string bytes;
  StreamingInputCallResponse response;
  Check(stream->Read(&bytes) && response.ParseFromString(bytes), "no answer");
  Check(response.aggregated_payload_size() == 74922, "messages of another size");
  CheckCode(stream->Finish(), StatusCode::kOk);
}

// A stream whose first message comes at once and its second one never.
std::unique_ptr<ClientStream> OpenHalfSilent(GrpcClient& client, const CallOptions& options = {}) {
  StreamingOutputCallRequest request;
  request.add_response_parameters()->set_size(1);
  auto* const second = request.add_response_parameters();
  second->set_size(1);
  second->set_interval_us(600'000'000);
  auto stream = client.Open(Method("StreamingOutputCall"), options);
  stream->Write(request.SerializeAsString());
  stream->WritesDone();
  return stream;
}

void Unary(GrpcClient& client) { CheckUnary(client, 10, 1000); }

void Large(GrpcClient& client) { CheckUnary(client, 1'000'000, 1'000'000); }

void ServerStreaming(GrpcClient& client) {
  const auto stream = client.Open(Method("StreamingOutputCall"));
  stream->Write(Asking({kStreamed[0], kStreamed[1], kStreamed[2], kStreamed[3]}));
  stream->WritesDone();
  for (const int32_t size : kStreamed) {
    Check(ReadSize(*stream) == static_cast<size_t>(size), "a message of another size");
  }
  CheckCode(stream->Finish(), StatusCode::kOk);
}

void ClientStreaming(GrpcClient& client) { CheckClientStreaming(client); }

void Bidirectional(GrpcClient& client) {
  const auto stream = client.Open(Method("FullDuplexCall"));
  for (const int32_t size : kStreamed) {
    Check(stream->Write(Asking({size})), "a message is not taken");
    Check(ReadSize(*stream) == static_cast<size_t>(size), "a message of another size");
  }
  stream->WritesDone();
  CheckCode(stream->Finish(), StatusCode::kOk);
}

void Deadline(GrpcClient& client) {
  const auto stream = OpenHalfSilent(client, {.timeout = std::chrono::milliseconds(500)});
  CheckCode(stream->Finish(), StatusCode::kDeadlineExceeded);
}

void Cancellation(GrpcClient& client) {
  const auto stream = OpenHalfSilent(client);
  ReadSize(*stream);
  stream->Cancel();
  CheckCode(stream->Finish(), StatusCode::kCancelled);
  CheckUnary(client, 10, 1000);
}

void Metadata(GrpcClient& client) {
  const std::string bytes("\0\xab\xff", 3);
  const auto outcome = CallUnary(client, Sized(1, 1),
                                 {.metadata = {{"x-grpc-test-echo-initial", "first"},
                                               {"x-grpc-test-echo-trailing-bin", bytes}}});
  CheckCode(outcome, StatusCode::kOk);
  const auto initial = outcome.headers.find("x-grpc-test-echo-initial");
  Check(initial != outcome.headers.end() && initial->second == "first", "other headers");
  Check(outcome.Trailer("x-grpc-test-echo-trailing-bin") == bytes, "other trailers");
}

void ErrorDetails(GrpcClient& client) {
  SimpleRequest request;
  request.mutable_response_status()->set_code(
      static_cast<int32_t>(StatusCode::kFailedPrecondition));
  request.mutable_response_status()->set_message("what failed: \u263a %");
  const auto outcome = CallUnary(client, request);
  CheckCode(outcome, StatusCode::kFailedPrecondition);
  Check(outcome.message == request.response_status().message(), outcome.message);
  Check(outcome.reason() == "PROTOCOL_VIOLATION", "other details");
}

void Unimplemented(GrpcClient& client) {
  for (const std::string& name :
       {Method("UnimplementedCall"), std::string("/grpc.testing.UnimplementedService/"
                                                 "UnimplementedCall")}) {
    CheckCode(client.CallBytes(name, ""), StatusCode::kUnimplemented);
  }
}

void Gzip(GrpcClient& client) {
  CheckUnary(client, 200'000, 200'000, {.gzip = true});
  CheckClientStreaming(client, {.gzip = true});
}

void Concurrent(GrpcClient& client) {
  constexpr int32_t kCalls = 100;
  std::vector<std::future<void>> calls;
  for (int32_t i = 0; i < kCalls; ++i) {
    calls.push_back(std::async(
        std::launch::async, [&client, i] { CheckUnary(client, static_cast<size_t>(i), 100 * i); }));
  }
  for (std::future<void>& call : calls) call.get();
}

constexpr std::pair<const char*, void (*)(GrpcClient&)> kCases[] = {
    {"unary", Unary},
    {"large", Large},
    {"server_streaming", ServerStreaming},
    {"client_streaming", ClientStreaming},
    {"bidirectional", Bidirectional},
    {"deadline", Deadline},
    {"cancellation", Cancellation},
    {"metadata", Metadata},
    {"error_details", ErrorDetails},
    {"unimplemented", Unimplemented},
    {"gzip", Gzip},
    {"concurrent", Concurrent},
};

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// `address` is one of this machine.
std::unique_ptr<GrpcClient> Connect(const std::string& address, const std::string& authority) {
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  if (authority.empty()) return std::make_unique<GrpcClient>(port);
  return std::make_unique<GrpcClient>(port, ReadFile(authority));
}

int Run(const std::vector<std::string>& arguments) {
  const auto client = Connect(arguments.at(1), arguments.size() > 2 ? arguments[2] : "");
  bool failed = false;
  for (const auto& [name, run] : kCases) {
    try {
      run(*client);
      std::cout << "ok " << name << std::endl;
    } catch (const std::exception& error) {
      failed = true;
      std::cout << "FAILED " << name << ": " << error.what() << std::endl;
    }
  }
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace gatehouse::tests

int main(int argc, char** argv) {
  return gatehouse::tests::Run(std::vector<std::string>(argv, argv + argc));
}
