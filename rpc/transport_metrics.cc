#include "rpc/transport_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <string>
#include <string_view>

namespace gatehouse::rpc {
namespace {

constexpr std::array<std::string_view, kRefusedConnections> kRefusedConnectionNames = {
    "too_many", "too_many_of_address", "no_descriptor", "must_calm_down"};

constexpr std::array<std::string_view, kRefusedCalls> kRefusedCallNames = {
    "metadata_too_large", "protocol_violation", "timeout",
    "not_grpc",           "too_many_streams",   "overloaded"};

constexpr std::array<std::string_view, kDroppedAnswers> kDroppedAnswerNames = {"overloaded",
                                                                               "unread"};

// A counter for each name, so that all of them are shown from the start.
template <size_t N>
std::array<prometheus::Counter*, N> Counters(prometheus::Registry& registry, const char* name,
                                             const char* help,
                                             const std::array<std::string_view, N>& reasons) {
  prometheus::Family<prometheus::Counter>& family =
      prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  std::array<prometheus::Counter*, N> counters;
  for (size_t i = 0; i < N; ++i) counters[i] = &family.Add({{"reason", std::string(reasons[i])}});
  return counters;
}

}  // namespace

TransportMetrics::TransportMetrics(prometheus::Registry& registry)
    : connections_(prometheus::BuildGauge()
                       .Name("gatehouse_grpc_connections")
                       .Help("Connections of gRPC clients that are open now.")
                       .Register(registry)
                       .Add({})),
      accepted_(prometheus::BuildCounter()
                    .Name("gatehouse_grpc_connections_accepted_total")
                    .Help("Connections of gRPC clients that were accepted.")
                    .Register(registry)
                    .Add({})),
      refused_connections_(Counters(registry, "gatehouse_grpc_connections_refused_total",
                                    "Connections that were closed at once, by reason.",
                                    kRefusedConnectionNames)),
      ended_(Counters(registry, "gatehouse_grpc_connections_ended_total",
                      "Connections that the server ended, by reason.", http2::kEndReasonNames)),
      refused_calls_(Counters(registry, "gatehouse_grpc_calls_refused_total",
                              "Calls that were refused before they were looked at, by reason.",
                              kRefusedCallNames)),
      dropped_answers_(Counters(registry, "gatehouse_grpc_answers_dropped_total",
                                "Answers that did not get to their clients, by reason.",
                                kDroppedAnswerNames)),
      buffered_bytes_(prometheus::BuildGauge()
                          .Name("gatehouse_grpc_buffered_bytes")
                          .Help("Bytes of messages over 16 KiB that are on their way.")
                          .Register(registry)
                          .Add({})),
      calls_bytes_(prometheus::BuildGauge()
                       .Name("gatehouse_grpc_calls_bytes")
                       .Help("Bytes that open calls hold, beyond 32 KiB of each connection.")
                       .Register(registry)
                       .Add({})),
      tls_reloads_(prometheus::BuildCounter()
                       .Name("gatehouse_grpc_tls_reloads_total")
                       .Help("Changed TLS files that were taken into use.")
                       .Register(registry)
                       .Add({})),
      tls_files_refused_(prometheus::BuildGauge()
                             .Name("gatehouse_grpc_tls_files_refused")
                             .Help("1 while the TLS files are of no use and earlier ones serve.")
                             .Register(registry)
                             .Add({})) {}

void TransportMetrics::OnConnection() {
  accepted_.Increment();
  connections_.Increment();
}

void TransportMetrics::OnConnectionGone() { connections_.Decrement(); }

void TransportMetrics::OnRefused(RefusedConnection reason) {
  refused_connections_[static_cast<size_t>(reason)]->Increment();
}

void TransportMetrics::OnEnded(http2::EndReason reason) {
  ended_[static_cast<size_t>(reason)]->Increment();
}

void TransportMetrics::OnRefused(RefusedCall reason) {
  refused_calls_[static_cast<size_t>(reason)]->Increment();
}

void TransportMetrics::OnDropped(DroppedAnswer reason) {
  dropped_answers_[static_cast<size_t>(reason)]->Increment();
}

void TransportMetrics::SetBufferedBytes(size_t bytes) {
  buffered_bytes_.Set(static_cast<double>(bytes));
}

void TransportMetrics::SetCallsBytes(size_t bytes) { calls_bytes_.Set(static_cast<double>(bytes)); }

void TransportMetrics::OnTlsFiles(bool in_use) {
  if (in_use) tls_reloads_.Increment();
  tls_files_refused_.Set(in_use ? 0 : 1);
}

}  // namespace gatehouse::rpc
