#include "service/config/grpc_settings.h"

#include "service/config/setting_makers.h"

namespace gatehouse::service::config {
namespace {

void AddBasics(std::vector<Setting>& all) {
  all.push_back(Address("grpc.address", "Where gRPC listens, HOST:PORT; port 0 takes a free one.",
                        GH_FIELD(grpc.address)));
  all.push_back(Text("grpc.tls_certificate_file", "PEM certificate chain; empty: no TLS.",
                     GH_FIELD(grpc.tls_certificate_file)));
  all.push_back(Text("grpc.tls_key_file", "PEM private key of the certificate.",
                     GH_FIELD(grpc.tls_key_file)));
  all.push_back(Text("grpc.tls_client_ca_file",
                     "PEM file of the authorities whose certificates clients show.",
                     GH_FIELD(grpc.tls_client_ca_file)));
  all.push_back(OneOf("grpc.tls_client_auth",
                      "Whether clients show certificates: none (they are not asked), accepted, "
                      "required.",
                      {"none", "accepted", "required"}, GH_FIELD(grpc.tls_client_auth)));
  all.push_back(Text("grpc.tls_client_keys_file",
                     "File with lines of an API key's id and the subject or URI of the "
                     "certificate that stands for it; empty: certificates stand for nobody.",
                     GH_FIELD(grpc.tls_client_keys_file)));
  all.push_back(Integer("grpc.max_in_flight",
                        "Calls served at a time; more are refused with SERVER_OVERLOADED.", 1,
                        1'000'000, GH_FIELD(grpc.max_in_flight)));
  all.push_back(Integer("grpc.known_callers_percent",
                        "Part of them that calls without credentials, or with those that are to be "
                        "looked up first, do not get; a fifth of it is for VerifySession and "
                        "IntrospectToken alone.",
                        0, 90, GH_FIELD(grpc.known_callers_percent)));
  all.push_back(Span("grpc.max_unary_time_ms",
                     "The longest a unary call may take, whatever its deadline, in milliseconds.",
                     100, 600'000, GH_FIELD(grpc.max_unary_time)));
  all.push_back(Span("grpc.drain_delay_ms",
                     "How long all goes on as usual after SIGTERM, but for health and /readyz, "
                     "which say that this server is about to go, in milliseconds: as long as those "
                     "who ask them take to notice.",
                     0, 600'000, GH_FIELD(grpc.drain_delay)));
  all.push_back(Span("grpc.drain_grace_ms", "How long calls may go on after that, in milliseconds.",
                     0, 600'000, GH_FIELD(grpc.drain_grace)));
  all.push_back(Integer("grpc.loops",
                        "Event loops, each one thread; 0: one for each core, at most four.", 0, 64,
                        GH_FIELD(grpc.loops)));
}

void AddConnections(std::vector<Setting>& all) {
  all.push_back(Networks("grpc.trusted_networks",
                         "Networks of the proxies before this server, separated by blanks: whose "
                         "connection or call it is, is taken from their PROXY protocol header or "
                         "x-forwarded-for.",
                         GH_FIELD(grpc.trusted_networks)));
  all.push_back(Integer("grpc.max_connections",
                        "Connections open at a time; more are closed at once.", 1, 1'000'000,
                        GH_FIELD(grpc.max_connections)));
  all.push_back(Integer("grpc.max_connections_per_address",
                        "The same from one address (IPv6: one /64), but for proxies of "
                        "grpc.trusted_networks.",
                        1, 1'000'000, GH_FIELD(grpc.max_connections_per_address)));
  all.push_back(Span("grpc.calm_down_time_ms",
                     "How long an address gets no new connection after one was closed for a "
                     "flood of resets, requests, headers or control frames, in milliseconds; 0: it "
                     "may come back at once.",
                     0, 60'000, GH_FIELD(grpc.calm_down_time)));
  all.push_back(Span("grpc.handshake_timeout_ms",
                     "From the connection to the client's HTTP/2 settings, TLS included; and how "
                     "long the headers of a call may take. In milliseconds.",
                     100, 600'000, GH_FIELD(grpc.handshake_timeout)));
  all.push_back(Span("grpc.request_timeout_ms",
                     "From a call's headers to the end of its request, and how long that may stay "
                     "without another byte, in milliseconds.",
                     100, 600'000, GH_FIELD(grpc.request_timeout)));
  all.push_back(Integer("grpc.min_request_bytes_per_second",
                        "A request that is large has as much longer as its bytes take at this "
                        "rate.",
                        1, 1'073'741'824, GH_FIELD(grpc.min_request_bytes_per_second)));
  all.push_back(Span("grpc.max_stream_silence_s",
                     "How long a client that has opened a stream may send nothing while its next "
                     "message is waited for, as in reflection, in seconds.",
                     1, 86'400, GH_FIELD(grpc.max_stream_silence)));
  all.push_back(Span("grpc.write_timeout_ms",
                     "How long a client may read nothing of what waits for it, in milliseconds; "
                     "then its connection is closed, or the call of which it takes nothing.",
                     100, 600'000, GH_FIELD(grpc.write_timeout)));
  all.push_back(Span("grpc.keepalive_time_ms",
                     "A connection that was silent for this long is asked by a PING whether it is "
                     "alive, in milliseconds.",
                     1'000, 86'400'000, GH_FIELD(grpc.keepalive_time)));
  all.push_back(Span("grpc.keepalive_timeout_ms",
                     "How long the answer to it may take, in milliseconds.", 100, 600'000,
                     GH_FIELD(grpc.keepalive_timeout)));
  all.push_back(Span("grpc.max_connection_age_s",
                     "Clients are told to connect anew after this time, a tenth more or less, in "
                     "seconds; 0: never.",
                     0, 31'536'000, GH_FIELD(grpc.max_connection_age)));
  all.push_back(Span("grpc.max_connection_age_grace_s",
                     "What calls under way may take then, streams included, in seconds.", 1, 86'400,
                     GH_FIELD(grpc.max_connection_age_grace)));
  all.push_back(Span("grpc.max_connection_idle_s",
                     "How long a connection may stay without calls, in seconds; 0: for ever.", 0,
                     31'536'000, GH_FIELD(grpc.max_connection_idle)));
}

void AddRates(std::vector<Setting>& all) {
  all.push_back(Integer("grpc.max_connection_requests_per_second",
                        "Calls per second of one connection, twice as many at once; beyond it "
                        "the connection is closed.",
                        1, 10'000'000, GH_FIELD(grpc.max_connection_requests_per_second)));
  all.push_back(Integer("grpc.max_connection_resets_per_second",
                        "The same of calls that are taken back, of which ten times as many may "
                        "come at once.",
                        1, 1'000'000, GH_FIELD(grpc.max_connection_resets_per_second)));
  all.push_back(Integer("grpc.max_connection_control_frames_per_second",
                        "The same of HTTP/2 frames that carry nothing of a call, beyond two "
                        "for each frame of an answer.",
                        1, 10'000'000, GH_FIELD(grpc.max_connection_control_frames_per_second)));
}

void AddSizes(std::vector<Setting>& all) {
  all.push_back(Integer("grpc.max_metadata_bytes",
                        "Request headers of a call together; more are refused with "
                        "METADATA_TOO_LARGE. A connection is closed where one header goes on after "
                        "as much.",
                        1'024, 1'048'576, GH_FIELD(grpc.max_metadata_bytes)));
  all.push_back(Integer("grpc.max_header_block_bytes",
                        "Request headers of a call as they are sent; with more the connection is "
                        "closed.",
                        1'024, 4'194'304, GH_FIELD(grpc.max_header_block_bytes)));
  all.push_back(Integer("grpc.max_message_bytes",
                        "A message to any method; more are refused with MESSAGE_TOO_LARGE. "
                        "Methods take 64 KiB, or what their access option in the .proto files "
                        "says: batches, imports and messages of threads 4 MiB.",
                        65'536, 4'194'304, GH_FIELD(grpc.max_message_bytes)));
  all.push_back(Integer("grpc.max_public_message_bytes",
                        "The same of methods that need no credentials, such as a login.", 1'024,
                        4'194'304, GH_FIELD(grpc.max_public_message_bytes)));
  all.push_back(Integer("grpc.max_connection_bytes",
                        "Messages over 16 KiB of one connection that are on their way: answers "
                        "the client has not read, requests that are not whole. More are refused "
                        "with SERVER_OVERLOADED.",
                        65'536, 1'073'741'824, GH_FIELD(grpc.max_connection_bytes)));
  all.push_back(Integer("grpc.max_transport_bytes", "The same of all connections together.",
                        1'048'576, 68'719'476'736, GH_FIELD(grpc.max_transport_bytes)));
  all.push_back(Integer("grpc.max_calls_bytes",
                        "What open calls hold: their headers, requests that are not whole, and 2 "
                        "KiB each; without the first 32 KiB of each connection. More are refused "
                        "with SERVER_OVERLOADED.",
                        1'048'576, 68'719'476'736, GH_FIELD(grpc.max_calls_bytes)));
  all.push_back(Integer("grpc.max_calls_bytes_per_address",
                        "The same of one address (IPv6: one /64), but for proxies of "
                        "grpc.trusted_networks.",
                        1'048'576, 68'719'476'736, GH_FIELD(grpc.max_calls_bytes_per_address)));
}

void AddStreams(std::vector<Setting>& all) {
  all.push_back(Integer("grpc.max_connection_streams",
                        "Calls of one connection at a time; more are refused, and a client that "
                        "has confirmed the limit and passes it loses the connection.",
                        1, 100'000, GH_FIELD(grpc.max_connection_streams)));
  all.push_back(Integer("grpc.max_principal_streams",
                        "Streams (TailEvents) of one principal at a time; more are refused with "
                        "RATE_LIMITED.",
                        1, 1'000'000, GH_FIELD(grpc.max_principal_streams)));
  all.push_back(Integer("grpc.max_public_streams_per_address",
                        "Streams without credentials (health, reflection) of one address at a "
                        "time; more are refused with RATE_LIMITED.",
                        1, 1'000'000, GH_FIELD(grpc.max_public_streams_per_address)));
  all.push_back(Integer("grpc.max_public_streams",
                        "The same of all addresses together; more are refused with "
                        "SERVER_OVERLOADED.",
                        1, 1'000'000, GH_FIELD(grpc.max_public_streams)));
  all.push_back(Boolean("grpc.reflection",
                        "Answer which services and methods there are, as grpcurl asks.",
                        GH_FIELD(grpc.reflection)));
  all.push_back(Integer("grpc.gzip_lists_from_bytes",
                        "Pages of lists with as many bytes, up to 1 MiB, go to clients that take "
                        "it as gzip. 0: never, for reasons that scaling.md gives.",
                        0, 1'048'576, GH_FIELD(grpc.gzip_lists_from_bytes)));
}

}  // namespace

void AddGrpc(std::vector<Setting>& all) {
  AddBasics(all);
  AddConnections(all);
  AddRates(all);
  AddSizes(all);
  AddStreams(all);
}

}  // namespace gatehouse::service::config
