#include "rpc/grpc/grpc_transport.h"

#include <google/protobuf/stubs/logging.h>
#include <prometheus/registry.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "base/ip_address.h"
#include "base/log_line.h"
#include "base/status.h"
#include "rpc/byte_budget.h"
#include "rpc/grpc/connection_group.h"
#include "rpc/listener/byte_stream.h"
#include "rpc/listener/connection_caps.h"
#include "rpc/listener/tcp_listener.h"
#include "rpc/tls/tls_context.h"
#include "rpc/tls/tls_session.h"
#include "rpc/transport_metrics.h"

namespace gatehouse::rpc {
namespace {

// Protobuf reports every malformed string it parses: callers decide how often.
void LogFromProtobuf(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  base::LogLine(base::LogLevel::kDebug, "protobuf", {{"error", message}});
}

// An IPv4 address in IPv6's clothes is one of IPv4.
std::optional<base::IpAddress> AddressOf(const sockaddr_storage& peer) {
  const std::optional<base::IpAddress> address =
      base::IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(peer));
  if (!address) return std::nullopt;
  return address->Unmapped();
}

}  // namespace

class GrpcTransport::Impl {
 public:
  Impl(const ServerOptions& options, const std::vector<CallLoop>& loops)
      : own_metrics_(unseen_),
        metrics_(options.metrics != nullptr ? *options.metrics : own_metrics_),
        trusted_networks_(options.trusted_networks),
        messages_(options.max_transport_bytes),
        calls_(options.max_calls_bytes),
        caps_({.in_all = options.max_connections,
               .per_client = options.max_connections_per_address,
               .calm_down = options.calm_down_time,
               .call_bytes_per_client = options.max_calls_bytes_per_address},
              calls_),
        certificate_check_(options.certificate_check) {
    for (const CallLoop& one : loops) {
      groups_.push_back(std::make_unique<ConnectionGroup>(
          *one.loop, *one.acceptor, options,
          ConnectionGroup::Budgets{.messages = messages_, .calls = calls_}, metrics_));
    }
  }

  absl::Status Listen(const ServerOptions& options) {
    if (!options.tls_certificate_file.empty() || !options.tls_key_file.empty() ||
        options.tls_client_auth != ClientAuth::kNone) {
      GH_ASSIGN_OR_RETURN(tls_, TlsContext::Load({.certificate = options.tls_certificate_file,
                                                  .key = options.tls_key_file,
                                                  .client_ca = options.tls_client_ca_file,
                                                  .client_auth = options.tls_client_auth}));
    }
    GH_ASSIGN_OR_RETURN(listener_, TcpListener::Bind(options.address));
    RaiseDescriptorLimit();
    google::protobuf::SetLogHandler(LogFromProtobuf);
    listener_->Start(
        "grpc-accept",
        {.on_connection =
             [this](int descriptor, const sockaddr_storage& peer) {
               OnConnection(descriptor, AddressOf(peer));
             },
         .on_no_descriptor = [this] { metrics_.OnRefused(RefusedConnection::kNoDescriptor); }});
    return absl::OkStatus();
  }

  int port() const { return listener_->port(); }
  bool accepting() const { return listener_->accepting(); }

  void Shutdown(base::SteadyTime deadline) {
    listener_->Stop();
    std::vector<std::future<void>> empty;
    for (const std::unique_ptr<ConnectionGroup>& group : groups_) {
      empty.push_back(group->empty());
      group->loop().Post([group = group.get()] { group->Drain(); });
    }
    for (size_t i = 0; i < groups_.size(); ++i) {
      if (empty[i].wait_until(deadline) == std::future_status::ready) continue;
      for (const std::unique_ptr<ConnectionGroup>& group : groups_) {
        group->loop().Post([group = group.get()] { group->CloseAll(); });
      }
      break;
    }
    for (size_t i = 0; i < groups_.size(); ++i) {
      empty[i].wait();
      // Whatever the group has posted before is through.
      std::promise<void> quiet;
      groups_[i]->loop().Post([&quiet] { quiet.set_value(); });
      quiet.get_future().wait();
    }
  }

 private:
  // On the listener's thread.
  void OnConnection(int descriptor, std::optional<base::IpAddress> peer) {
    Arrival arrival{.peer = peer, .is_proxy = peer && base::InAny(trusted_networks_, *peer)};
    // A proxy's connections are those of many clients.
    const std::string client = peer && !arrival.is_proxy ? peer->ClientKey() : std::string();
    if (const auto refused = caps_.Take(client, std::chrono::steady_clock::now())) {
      metrics_.OnRefused(*refused);
      ::close(descriptor);
      return;
    }
    arrival.place = std::make_shared<ConnectionCaps::Place>(caps_, client);
    ConnectionGroup* const group = LeastLoaded();
    group->AnnounceOne();
    group->loop().Post([group, descriptor, tls = NewTls(), arrival = std::move(arrival)] {
      group->Add(std::make_unique<ByteStream>(group->loop(), group->scratch(), descriptor,
                                              tls ? std::move(*tls) : nullptr),
                 arrival);
    });
  }

  // Shared, since what is posted must be copyable.
  std::shared_ptr<std::unique_ptr<TlsSession>> NewTls() {
    if (tls_ == nullptr) return nullptr;
    const base::SteadyTime now = std::chrono::steady_clock::now();
    if (now >= next_certificate_check_) {
      next_certificate_check_ = now + certificate_check_;
      const TlsContext::Files files = tls_->Refresh();
      if (files != TlsContext::Files::kUnchanged) {
        metrics_.OnTlsFiles(files == TlsContext::Files::kInUse);
      }
    }
    return std::make_shared<std::unique_ptr<TlsSession>>(tls_->NewSession());
  }

  ConnectionGroup* LeastLoaded() {
    return std::ranges::min_element(groups_, {}, [](const auto& group) { return group->size(); })
        ->get();
  }

  // Where nobody looks at the metrics.
  prometheus::Registry unseen_;
  TransportMetrics own_metrics_;
  TransportMetrics& metrics_;
  const std::vector<base::IpNetwork> trusted_networks_;
  ByteBudget messages_;
  ByteBudget calls_;
  ConnectionCaps caps_;
  std::unique_ptr<TlsContext> tls_;
  const std::chrono::milliseconds certificate_check_;
  base::SteadyTime next_certificate_check_ = {};
  std::vector<std::unique_ptr<ConnectionGroup>> groups_;
  std::unique_ptr<TcpListener> listener_;
};

GrpcTransport::GrpcTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

GrpcTransport::~GrpcTransport() = default;

absl::StatusOr<std::unique_ptr<GrpcTransport>> GrpcTransport::Start(
    const ServerOptions& options, const std::vector<CallLoop>& loops) {
  auto impl = std::make_unique<Impl>(options, loops);
  GH_RETURN_IF_ERROR(impl->Listen(options));
  return std::unique_ptr<GrpcTransport>(new GrpcTransport(std::move(impl)));
}

int GrpcTransport::port() const { return impl_->port(); }

bool GrpcTransport::accepting() const { return impl_->accepting(); }

void GrpcTransport::Shutdown(base::SteadyTime deadline) { impl_->Shutdown(deadline); }

}  // namespace gatehouse::rpc
