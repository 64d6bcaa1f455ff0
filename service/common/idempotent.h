#ifndef GATEHOUSE_SERVICE_COMMON_IDEMPOTENT_H_
#define GATEHOUSE_SERVICE_COMMON_IDEMPOTENT_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/token_peppers.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/request/idempotency_store.h"

namespace google::protobuf {
class Message;
}

namespace gatehouse::service {

// The request_id of one call, and what its request is recognised by. Handlers of mutations
// take one; who calls them within the program and does not repeat the call leaves it out.
class MutationKey {
 public:
  // The key of a call without request_id: stores nothing.
  MutationKey() = default;
  MutationKey(storage::Idempotency base) : base_(std::move(base)) {}  // NOLINT: implicit

  bool given() const { return base_.has_value(); }

  // What goes into storage::Change::idempotency, with the answer that retries
  // get. `response` must not hold a secret: leave shown-once fields empty.
  std::optional<storage::Idempotency> WithResponse(const google::protobuf::Message& response,
                                                   base::Time now) const;

 private:
  friend class IdempotentCalls;
  std::optional<storage::Idempotency> base_;
  // What base_->request_hash is of, while a second pepper is accepted; else null. Shared: handlers
  // take keys by value, and requests may be long.
  std::shared_ptr<const std::string> hashed_;
};

// Whether to look for a stored answer before anything else. A service says so of a request by a
// static `Replay ReplayOf(const Request&)`; without one it looks.
enum class Replay {
  // For a mutation that reads or computes first: it should not do so in vain.
  kLookUpFirst,
  // For one that is a single batch: the key's violation tells, and the common
  // case costs no statement more.
  kOnConflict,
};

// Makes mutations safe to retry: runs each once per request_id and answers
// repetitions with the first answer, also when they come at the same time.
//
//   base::Task<absl::StatusOr<v1::UpdateUserResponse>> UserService::UpdateUser(
//       base::CallContext ctx, v1::UpdateUserRequest request, MutationKey key);
//
// HandlerMethods registers such a method so that calls reach it through Run.
// The method puts key.WithResponse(response, now) into its Change. Where it finds nothing to
// change, it ends with `co_return co_await once_.Unchanged(ctx, key, now, response)` instead: else
// the retry might find something, and do it long after the first answer. Its key is empty in a
// call that only validates: the request_id is checked, nothing is stored or looked up.
//
// Immutable; any thread that may use the store. Outlives the calls.
class IdempotentCalls {
 public:
  // Requests are recognised by an HMAC under a key derived from the first pepper, or from the
  // second: a plain hash of one with a password would be a fast hash of the password.
  IdempotentCalls(storage::IdempotencyStore& store, const auth::TokenPeppers& peppers);

  // `mutate` is a coroutine of `service`, which outlives the call.
  template <typename Response, typename Request, typename Service>
  base::Task<absl::StatusOr<Response>> Run(base::CallContext context, Request request,
                                           Replay replay, Service* service,
                                           base::Task<absl::StatusOr<Response>> (Service::*mutate)(
                                               base::CallContext, Request, MutationKey)) {
    GH_CO_ASSIGN_OR_RETURN(MutationKey key, MakeKey(context, request.request_id(), request));
    if constexpr (requires { request.validate_only(); }) {
      if (request.validate_only()) key = MutationKey();
    }
    if (key.given() && replay == Replay::kLookUpFirst) {
      GH_CO_ASSIGN_OR_RETURN(const std::optional<std::string> answer,
                             co_await FindAnswer(context, key));
      if (answer) co_return Parse<Response>(*answer);
    }
    absl::StatusOr<Response> response =
        co_await (service->*mutate)(context, std::move(request), key);
    if (response.ok() || !key.given() || !MayBeReplay(response.status())) co_return response;
    GH_CO_ASSIGN_OR_RETURN(const std::optional<std::string> answer,
                           co_await FindAnswer(context, key));
    if (answer) co_return Parse<Response>(*answer);
    co_return response;
  }

  // Keeps `response` as the answer of a call that changed nothing.
  template <typename Response>
  base::Task<absl::StatusOr<Response>> Unchanged(base::CallContext context, MutationKey key,
                                                 base::Time now, Response response) {
    if (std::optional<storage::Idempotency> answer = key.WithResponse(response, now)) {
      GH_CO_RETURN_IF_ERROR(co_await store_.Keep(std::move(context), *std::move(answer)));
    }
    co_return response;
  }

 private:
  // INVALID_FIELD if `request_id` is neither empty nor a UUID.
  absl::StatusOr<MutationKey> MakeKey(const base::CallContext& context, std::string_view request_id,
                                      const google::protobuf::Message& request) const;
  // The stored answer; nullopt if there is none. REQUEST_ID_REUSED if it is the
  // answer to another request.
  base::Task<absl::StatusOr<std::optional<std::string>>> FindAnswer(base::CallContext context,
                                                                    MutationKey key);
  // Whether an error may stem from the first attempt having succeeded: its key
  // is there, or what it changed is no longer what the retry expects.
  static bool MayBeReplay(const absl::Status& status);

  template <typename Response>
  static absl::StatusOr<Response> Parse(const std::string& bytes) {
    Response response;
    if (!response.ParseFromString(bytes)) return base::InternalError("a stored answer is damaged");
    return response;
  }

  // Whether the answer is to the request of `key`.
  bool Recognises(const MutationKey& key, const storage::StoredAnswer& stored) const;

  storage::IdempotencyStore& store_;
  const std::string key_;
  // That of the second pepper; empty if there is none.
  const std::string accepted_key_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_IDEMPOTENT_H_
