#ifndef GATEHOUSE_TESTS_SUPPORT_GRPC_CLIENT_H_
#define GATEHOUSE_TESTS_SUPPORT_GRPC_CLIENT_H_

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gatehouse::tests {

// A gRPC client for tests: any method by name, without generated stubs and
// without gRPC's headers in the tests.
struct CallOptions {
  std::vector<std::pair<std::string, std::string>> metadata = {};
  // What the client calls the server's host; empty: by its address.
  std::string authority = {};
  // A test that hangs helps nobody.
  std::chrono::nanoseconds timeout = std::chrono::seconds(60);
  bool no_deadline = false;
  // Messages are sent compressed.
  bool gzip = false;
};

// How a call ended.
struct CallOutcome {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message = {};
  // From grpc-status-details-bin.
  google::rpc::Status details = {};
  std::multimap<std::string, std::string> headers = {};
  std::multimap<std::string, std::string> trailers = {};

  bool ok() const { return code == absl::StatusCode::kOk; }
  // ErrorInfo.reason; empty if there is no ErrorInfo.
  std::string reason() const;
  // The first detail of type T.
  template <typename T>
  std::optional<T> Detail() const {
    for (const google::protobuf::Any& any : details.details()) {
      T detail;
      if (any.UnpackTo(&detail)) return detail;
    }
    return std::nullopt;
  }
  // The first trailer of that name; empty if there is none.
  std::string Trailer(const std::string& name) const;
};

template <typename Response>
struct UnaryOutcome : CallOutcome {
  Response response = {};
};

// One call, message by message. Every operation blocks. Destroying it cancels.
class ClientStream {
 public:
  virtual ~ClientStream() = default;
  // False when the call is over.
  virtual bool Write(std::string_view bytes) = 0;
  virtual bool WritesDone() = 0;
  virtual bool Read(std::string* bytes) = 0;
  virtual void Cancel() = 0;
  // Waits for the end, dropping messages not read yet.
  virtual CallOutcome Finish() = 0;
};

class GrpcClient {
 public:
  // Plain text to 127.0.0.1; a connection of its own.
  explicit GrpcClient(int port);
  // TLS with this root certificate, for "localhost".
  GrpcClient(int port, const std::string& root_certificate_pem);
  ~GrpcClient();

  // `method` as on the wire: "/gatehouse.v1.UserService/GetUser".
  template <typename Request, typename Response>
  UnaryOutcome<Response> Call(const std::string& method, const Request& request,
                              const CallOptions& options = {}) {
    UnaryOutcome<Response> outcome;
    std::string bytes;
    static_cast<CallOutcome&>(outcome) =
        CallBytes(method, request.SerializeAsString(), options, &bytes);
    outcome.response.ParseFromString(bytes);
    return outcome;
  }

  CallOutcome CallBytes(const std::string& method, const std::string& request,
                        const CallOptions& options = {}, std::string* response = nullptr);

  std::unique_ptr<ClientStream> Open(const std::string& method, const CallOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_GRPC_CLIENT_H_
