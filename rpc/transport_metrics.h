#ifndef GATEHOUSE_RPC_TRANSPORT_METRICS_H_
#define GATEHOUSE_RPC_TRANSPORT_METRICS_H_

#include <array>
#include <cstddef>

#include "rpc/http2/end_reason.h"

namespace prometheus {
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace gatehouse::rpc {

// Connections that were closed before anything was read from them.
enum class RefusedConnection { kTooMany, kTooManyOfAddress, kNoDescriptor, kMustCalmDown };
inline constexpr size_t kRefusedConnections = 4;

// Calls that were answered before any interceptor saw them.
enum class RefusedCall {
  kMetadataTooLarge,
  kProtocolViolation,
  kTimeout,
  kNotGrpc,
  kTooManyStreams,
  kOverloaded
};
inline constexpr size_t kRefusedCalls = 6;

// Answers that a call had and its client did not get.
enum class DroppedAnswer { kOverloaded, kUnread };
inline constexpr size_t kDroppedAnswers = 2;

// Counts what the transport does before a call reaches the chain, which counts the rest.
//
//   gatehouse_grpc_connections
//   gatehouse_grpc_connections_accepted_total
//   gatehouse_grpc_connections_refused_total{reason}
//   gatehouse_grpc_connections_ended_total{reason}
//   gatehouse_grpc_calls_refused_total{reason}
//   gatehouse_grpc_answers_dropped_total{reason}
//   gatehouse_grpc_buffered_bytes
//   gatehouse_grpc_calls_bytes
//   gatehouse_grpc_tls_reloads_total
//   gatehouse_grpc_tls_files_refused
//
// Thread-safe.
class TransportMetrics {
 public:
  // The registry outlives it.
  explicit TransportMetrics(prometheus::Registry& registry);

  void OnConnection();
  void OnConnectionGone();
  void OnRefused(RefusedConnection reason);
  void OnEnded(http2::EndReason reason);
  void OnRefused(RefusedCall reason);
  void OnDropped(DroppedAnswer reason);
  void SetBufferedBytes(size_t bytes);
  void SetCallsBytes(size_t bytes);
  // The TLS files have changed and are in use, or are of no use.
  void OnTlsFiles(bool in_use);

 private:
  prometheus::Gauge& connections_;
  prometheus::Counter& accepted_;
  std::array<prometheus::Counter*, kRefusedConnections> refused_connections_;
  std::array<prometheus::Counter*, http2::kEndReasonNames.size()> ended_;
  std::array<prometheus::Counter*, kRefusedCalls> refused_calls_;
  std::array<prometheus::Counter*, kDroppedAnswers> dropped_answers_;
  prometheus::Gauge& buffered_bytes_;
  prometheus::Gauge& calls_bytes_;
  prometheus::Counter& tls_reloads_;
  prometheus::Gauge& tls_files_refused_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_TRANSPORT_METRICS_H_
