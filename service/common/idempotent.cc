#include "service/common/idempotent.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>

#include <memory>
#include <utility>

#include "base/hash.h"

namespace gatehouse::service {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr char kRequestId[] = "request_id";

// The bytes of `request` without its request_id: the same for the same request,
// also in another process (protobuf promises that for one version of it; a
// retry across an upgrade of the server may be told REQUEST_ID_REUSED).
std::string Canonical(const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  if (const auto* field = copy->GetDescriptor()->FindFieldByName(kRequestId)) {
    copy->GetReflection()->ClearField(copy.get(), field);
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    // Maps come in random order otherwise.
    coded.SetSerializationDeterministic(true);
    copy->SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::string KeyOf(std::string_view pepper) {
  return base::HkdfSha256(pepper, "gatehouse request hash", kKeyBytes);
}

absl::Status Reused() {
  return base::InvalidField(kRequestId, "was used before with another request",
                            base::Reason::kRequestIdReused);
}

}  // namespace

std::optional<storage::Idempotency> MutationKey::WithResponse(
    const google::protobuf::Message& response, base::Time now) const {
  if (!base_) return std::nullopt;
  storage::Idempotency full = *base_;
  full.response = response.SerializeAsString();
  full.create_time = now;
  return full;
}

IdempotentCalls::IdempotentCalls(storage::IdempotencyStore& store,
                                 const auth::TokenPeppers& peppers)
    : store_(store),
      key_(KeyOf(peppers.current)),
      accepted_key_(peppers.accepted.empty() ? "" : KeyOf(peppers.accepted)) {}

absl::StatusOr<MutationKey> IdempotentCalls::MakeKey(
    const base::CallContext& context, std::string_view request_id,
    const google::protobuf::Message& request) const {
  if (request_id.empty()) return MutationKey();
  const std::optional<base::Uuid> id = base::Uuid::Parse(request_id);
  if (!id) return base::InvalidField(kRequestId, "is not a UUID of 36 characters");
  const base::Principal& principal = context.principal();
  std::string hashed = context.method() + std::string(1, '\0') + Canonical(request);
  MutationKey key(storage::Idempotency{.tenant_id = principal.tenant_id,
                                       .principal_id = principal.id,
                                       .request_id = *id,
                                       .method = context.method(),
                                       .request_hash = base::HmacSha256(key_, hashed)});
  if (!accepted_key_.empty()) key.hashed_ = std::make_shared<const std::string>(std::move(hashed));
  return key;
}

bool IdempotentCalls::Recognises(const MutationKey& key,
                                 const storage::StoredAnswer& stored) const {
  if (stored.method != key.base_->method) return false;
  if (stored.request_hash == key.base_->request_hash) return true;
  return key.hashed_ && stored.request_hash == base::HmacSha256(accepted_key_, *key.hashed_);
}

base::Task<absl::StatusOr<std::optional<std::string>>> IdempotentCalls::FindAnswer(
    base::CallContext context, MutationKey key) {
  const storage::Idempotency& wanted = *key.base_;
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::StoredAnswer> stored,
                         co_await store_.Find(std::move(context), wanted.tenant_id,
                                              wanted.principal_id, wanted.request_id));
  if (!stored) co_return std::optional<std::string>();
  if (!Recognises(key, *stored)) co_return Reused();
  co_return std::optional<std::string>(std::move(stored->response));
}

bool IdempotentCalls::MayBeReplay(const absl::Status& status) {
  // They may have been valid when they were published.
  if (base::HasReason(status, base::Reason::kEventDataInvalid)) return true;
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return true;
    default:
      return false;
  }
}

}  // namespace gatehouse::service
