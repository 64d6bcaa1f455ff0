#include "auth/verifier/verifier.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include "auth/verifier/freshness.h"
#include "auth/verifier/key_set.h"
#include "auth/verifier/message_call.h"
#include "base/async/mutex.h"
#include "base/hash.h"
#include "base/reason.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/session_revocation.pb.h"
#include "gatehouse/v1/tenant.pb.h"

// Built without ThreadSanitizer, which cannot see how gRPC's library synchronises.

namespace gatehouse::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr char kGetJwks[] = "/gatehouse.v1.SessionService/GetJwks";
constexpr char kTenant[] = "x-gatehouse-tenant";
constexpr char kWatchRevocations[] = "/gatehouse.v1.SessionService/WatchRevocations";

// Shorter than kSilence: the stream is not read meanwhile.
constexpr milliseconds kKeysTimeout{3'000};
// Of a stream that has a heartbeat each second: then the connection is dead, known or not.
constexpr milliseconds kSilence{5'000};
// Whoever sends tokens with made-up headers does not make this fetch keys all the time.
constexpr milliseconds kKeysPause{2'000};
// After keys did not come that nobody said are other ones.
constexpr milliseconds kKeysRetry{10'000};

base::Time TimeOf(const google::protobuf::Timestamp& time) {
  return base::Time(seconds(time.seconds()) +
                    std::chrono::floor<base::Duration>(std::chrono::nanoseconds(time.nanos())));
}

// Between half and all of it: those who lost one server do not come back at one moment.
milliseconds Jittered(milliseconds backoff) {
  uint16_t random = 0;
  const std::string bytes = base::RandomBytes(sizeof(random));
  std::memcpy(&random, bytes.data(), sizeof(random));
  return backoff / 2 + backoff / 2 * random / UINT16_MAX;
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address,
                                       std::shared_ptr<grpc::ChannelCredentials> credentials,
                                       const Verifier::Options& options) {
  grpc::ChannelArguments arguments;
  // A connection of its own, that comes back as soon as this asks for it again: gRPC itself would
  // wait for up to two minutes.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   static_cast<int>(options.min_backoff.count()));
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   static_cast<int>(options.min_backoff.count()));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   static_cast<int>(options.max_backoff.count()));
  return grpc::CreateCustomChannel(address, std::move(credentials), arguments);
}

}  // namespace

// What the thread does, and what it shares.
class Verifier::Follower {
 public:
  Follower(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials,
           Options options, TokenVerifier& tokens)
      : options_(std::move(options)),
        stub_(Connect(address, std::move(credentials), options_)),
        tokens_(tokens),
        freshness_(options_.tokens.max_staleness / 2) {}

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }

  void Stop() {
    {
      base::MutexLock lock(mutex_);
      stopping_ = true;
      if (current_ != nullptr) current_->Cancel();
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
  }

  bool WaitUntilReady(milliseconds patience) {
    const base::SteadyTime until = steady_clock::now() + patience;
    base::MutexLock lock(mutex_);
    while (!ready_ && !stopping_) {
      if (!changed_.WaitUntil(mutex_, until)) break;
    }
    return ready_;
  }

  absl::Status last_error() const {
    base::MutexLock lock(mutex_);
    return last_error_;
  }

 private:
  // The call that a stop cancels, for as long as this lives; within another one's.
  class Current {
   public:
    Current(Follower& follower, MessageCall* call) : follower_(follower) {
      base::MutexLock lock(follower_.mutex_);
      outer_ = std::exchange(follower_.current_, call);
      // Too late to begin it.
      if (follower_.stopping_) call->Cancel();
    }
    ~Current() {
      base::MutexLock lock(follower_.mutex_);
      follower_.current_ = outer_;
    }

   private:
    Follower& follower_;
    MessageCall* outer_ = nullptr;
  };

  void Run() {
    milliseconds backoff = options_.min_backoff;
    while (!IsStopping()) {
      if (Follow()) backoff = options_.min_backoff;
      Pause(Jittered(backoff));
      backoff = std::min(backoff * 2, options_.max_backoff);
    }
  }

  // One stream, until it breaks. True if revocations were known by it: whoever gets no further must
  // not come back at once, each time.
  bool Follow() {
    freshness_.NewStream();
    // The first message says whose keys they are.
    keys_due_ = {};
    v1::WatchRevocationsRequest request;
    request.set_resume_index(index_);
    MessageCall call(stub_, kWatchRevocations, options_.api_key);
    const Current current(*this, &call);
    bool known = false;
    if (call.Send(request)) {
      v1::WatchRevocationsResponse message;
      while (!IsStopping() && call.Read(&message, kSilence) == MessageCall::Heard::kMessage) {
        absl::Status applied = Apply(message, steady_clock::now());
        known |= applied.ok() && message.has_as_of();
        if (applied.ok() && freshness_.lags()) {
          applied = absl::UnavailableError("messages come late, or the server's clock was set");
        }
        if (!applied.ok()) {
          SetError(std::move(applied));
          call.Cancel();
          call.Finish().IgnoreError();
          return known;
        }
      }
    }
    if (absl::Status ended = call.Finish(); !ended.ok()) SetError(std::move(ended));
    return known;
  }

  // Everything in it is applied before it counts as known.
  absl::Status Apply(const v1::WatchRevocationsResponse& message, base::SteadyTime received) {
    if (!message.tenant_id().empty()) tenant_id_ = message.tenant_id();
    ApplyState(message);
    bool keys_changed = false;
    for (const v1::Revocation& revocation : message.revocations()) {
      keys_changed |= revocation.signing_keys();
      ApplyOne(revocation);
    }
    const base::SteadyTime now = steady_clock::now();
    if (keys_changed) keys_due_ = {};
    // Those of another tenant, perhaps, or not those that are known.
    const bool needed = keys_due_ == base::SteadyTime();
    const bool wanted =
        needed || now >= keys_due_ || (now >= keys_again_ && tokens_.TakeKeysWanted());
    // A tenant that takes no calls gives no keys, and needs none.
    if (wanted && !tokens_.is_closed()) {
      absl::Status fetched = FetchKeys();
      if (!fetched.ok() && needed) return fetched;
      if (!fetched.ok()) {
        SetError(std::move(fetched));
        keys_due_ = keys_again_ = steady_clock::now() + kKeysRetry;
      }
    }
    index_ = message.index();
    if (!message.has_as_of()) return absl::OkStatus();
    tokens_.RevocationsKnownUntil(
        freshness_.Heard(TimeOf(message.as_of()), TimeOf(message.server_time()), received));
    base::MutexLock lock(mutex_);
    ready_ = true;
    changed_.NotifyAll();
    return absl::OkStatus();
  }

  void ApplyState(const v1::WatchRevocationsResponse& message) {
    switch (message.tenant_state()) {
      case v1::TENANT_STATE_UNSPECIFIED:
        break;
      case v1::TENANT_STATE_ACTIVE:
        tokens_.TenantOpened();
        break;
      case v1::TENANT_STATE_MOVED:
        tokens_.TenantClosed(base::Reason::kTenantMoved, message.moved_to());
        break;
      case v1::TENANT_STATE_FROZEN:
      default:
        // Also what a later release calls it that is not ACTIVE.
        tokens_.TenantClosed(base::Reason::kTenantFrozen, "");
        break;
    }
  }

  void ApplyOne(const v1::Revocation& revocation) {
    const base::Time drop_after = TimeOf(revocation.drop_after());
    if (const auto session = base::Uuid::Parse(revocation.session_id())) {
      tokens_.SessionRevoked(*session, drop_after);
    } else if (const auto user = base::Uuid::Parse(revocation.user_id())) {
      tokens_.UserRevoked(*user, revocation.min_user_epoch(), drop_after);
    } else if (revocation.has_signing_key_id()) {
      tokens_.KeyRemoved(revocation.signing_key_id(), drop_after);
    }
  }

  absl::Status FetchKeys() {
    // Keys are no secret: no credential is looked at, so the tenant is named.
    MessageCall call(stub_, kGetJwks, "");
    call.AddMetadata(kTenant, tenant_id_);
    const Current current(*this, &call);
    v1::GetJwksResponse response;
    if (!call.Send(v1::GetJwksRequest()) ||
        call.Read(&response, kKeysTimeout) != MessageCall::Heard::kMessage) {
      absl::Status ended = call.Finish();
      return ended.ok() ? absl::UnavailableError("no keys came") : ended;
    }
    absl::StatusOr<std::shared_ptr<const KeySet>> keys = KeySet::Parse(response.jwks_json());
    if (!keys.ok()) return keys.status();
    tokens_.SetKeys(*std::move(keys));
    keys_due_ = steady_clock::now() + options_.keys_interval;
    keys_again_ = steady_clock::now() + kKeysPause;
    return absl::OkStatus();
  }

  bool IsStopping() {
    base::MutexLock lock(mutex_);
    return stopping_;
  }

  void Pause(milliseconds pause) {
    const base::SteadyTime until = steady_clock::now() + pause;
    base::MutexLock lock(mutex_);
    while (!stopping_ && changed_.WaitUntil(mutex_, until)) {
    }
  }

  void SetError(absl::Status error) {
    base::MutexLock lock(mutex_);
    if (!stopping_) last_error_ = std::move(error);
  }

  const Options options_;
  grpc::GenericStub stub_;
  TokenVerifier& tokens_;
  std::thread thread_;

  // The thread's own.
  Freshness freshness_;
  int64_t index_ = 0;
  std::string tenant_id_;
  base::SteadyTime keys_due_ = {};
  base::SteadyTime keys_again_ = {};

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  bool stopping_ GH_GUARDED_BY(mutex_) = false;
  bool ready_ GH_GUARDED_BY(mutex_) = false;
  MessageCall* current_ GH_GUARDED_BY(mutex_) = nullptr;
  absl::Status last_error_ GH_GUARDED_BY(mutex_);
};

Verifier::Verifier(const std::string& address,
                   std::shared_ptr<grpc::ChannelCredentials> credentials, Options options)
    : tokens_(clock_, options.tokens),
      follower_(std::make_unique<Follower>(address, std::move(credentials), std::move(options),
                                           tokens_)) {}

Verifier::~Verifier() { Stop(); }

void Verifier::Start() { follower_->Start(); }

void Verifier::Stop() { follower_->Stop(); }

bool Verifier::WaitUntilReady(milliseconds patience) { return follower_->WaitUntilReady(patience); }

absl::Status Verifier::last_error() const { return follower_->last_error(); }

}  // namespace gatehouse::auth
