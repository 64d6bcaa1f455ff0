#include "tests/conformance/interop_service.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/status.h"
#include "interop/interop.pb.h"
#include "rpc/method/message_stream.h"

namespace gatehouse::tests {
namespace {

using grpc::testing::EchoStatus;
using grpc::testing::Empty;
using grpc::testing::Payload;
using grpc::testing::ResponseParameters;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

constexpr int32_t kMaxPayloadBytes = 4 << 20;

absl::Status ToStatus(const EchoStatus& wanted) {
  if (wanted.code() == 0) return absl::OkStatus();
  // With this reason the message is shown whatever the code is.
  return base::MakeError(static_cast<absl::StatusCode>(wanted.code()), wanted.message(),
                         {.reason = base::Reason::kProtocolViolation});
}

absl::Status FillPayload(int32_t size, Payload* payload) {
  if (size < 0 || size > kMaxPayloadBytes) {
    return base::InvalidField("response_size", "must be between 0 and 4 MiB");
  }
  payload->set_body(std::string(static_cast<size_t>(size), '\0'));
  return absl::OkStatus();
}

base::Task<absl::StatusOr<Empty>> EmptyCall(base::CallContext, Empty) { co_return Empty(); }

base::Task<absl::StatusOr<SimpleResponse>> UnaryCall(base::CallContext, SimpleRequest request) {
  GH_CO_RETURN_IF_ERROR(ToStatus(request.response_status()));
  SimpleResponse response;
  GH_CO_RETURN_IF_ERROR(FillPayload(request.response_size(), response.mutable_payload()));
  co_return response;
}

base::Task<absl::Status> Answer(base::CallContext context, StreamingOutputCallRequest request,
                                rpc::Writer<StreamingOutputCallResponse> writer) {
  for (const ResponseParameters& wanted : request.response_parameters()) {
    if (wanted.interval_us() > 0) {
      const auto until =
          std::chrono::steady_clock::now() + std::chrono::microseconds(wanted.interval_us());
      const bool slept = co_await context.loop().SleepUntil(until, context.cancel());
      if (!slept) co_return absl::CancelledError("cancelled");
    }
    StreamingOutputCallResponse response;
    GH_CO_RETURN_IF_ERROR(FillPayload(wanted.size(), response.mutable_payload()));
    const bool more = co_await writer.Write(response);
    if (!more) co_return absl::CancelledError("nobody reads");
  }
  co_return ToStatus(request.response_status());
}

base::Task<absl::Status> StreamingInputCall(base::CallContext,
                                            rpc::Reader<StreamingInputCallRequest> reader,
                                            rpc::Writer<StreamingInputCallResponse> writer) {
  StreamingInputCallResponse response;
  StreamingInputCallRequest request;
  while (co_await reader.Read(&request)) {
    response.set_aggregated_payload_size(response.aggregated_payload_size() +
                                         static_cast<int32_t>(request.payload().body().size()));
  }
  co_await writer.Write(response);
  co_return absl::OkStatus();
}

base::Task<absl::Status> FullDuplexCall(base::CallContext context,
                                        rpc::Reader<StreamingOutputCallRequest> reader,
                                        rpc::Writer<StreamingOutputCallResponse> writer) {
  StreamingOutputCallRequest request;
  while (co_await reader.Read(&request)) {
    GH_CO_RETURN_IF_ERROR(co_await Answer(context, request, writer));
  }
  co_return absl::OkStatus();
}

base::Task<absl::Status> HalfDuplexCall(base::CallContext context,
                                        rpc::Reader<StreamingOutputCallRequest> reader,
                                        rpc::Writer<StreamingOutputCallResponse> writer) {
  std::vector<StreamingOutputCallRequest> requests;
  StreamingOutputCallRequest request;
  while (co_await reader.Read(&request)) requests.push_back(request);
  for (const StreamingOutputCallRequest& one : requests) {
    GH_CO_RETURN_IF_ERROR(co_await Answer(context, one, writer));
  }
  co_return absl::OkStatus();
}

}  // namespace

void RegisterInteropService(rpc::MethodRegistry& registry) {
  const rpc::MethodRegistry::Foreign open{.access = {.is_public = true}};
  const auto name = [](const char* method) {
    return "/grpc.testing.TestService/" + std::string(method);
  };
  registry.AddUnary<Empty, Empty>(name("EmptyCall"), &EmptyCall, open);
  registry.AddUnary<SimpleRequest, SimpleResponse>(name("UnaryCall"), &UnaryCall, open);
  registry.AddServerStreaming<StreamingOutputCallRequest, StreamingOutputCallResponse>(
      name("StreamingOutputCall"), &Answer, open);
  registry.AddBidiStreaming<StreamingInputCallRequest, StreamingInputCallResponse>(
      name("StreamingInputCall"), &StreamingInputCall, open);
  registry.AddBidiStreaming<StreamingOutputCallRequest, StreamingOutputCallResponse>(
      name("FullDuplexCall"), &FullDuplexCall, open);
  registry.AddBidiStreaming<StreamingOutputCallRequest, StreamingOutputCallResponse>(
      name("HalfDuplexCall"), &HalfDuplexCall, open);
}

rpc::Decision EchoMetadataLink::Before(rpc::ServerCall& call) {
  constexpr std::string_view kInitial = "x-grpc-test-echo-initial";
  constexpr std::string_view kTrailing = "x-grpc-test-echo-trailing-bin";
  if (const auto value = call.Metadata(kInitial)) call.AddHeader(kInitial, *value);
  if (const auto value = call.Metadata(kTrailing)) call.AddTrailer(kTrailing, *value);
  return rpc::Decision::Continue();
}

}  // namespace gatehouse::tests
