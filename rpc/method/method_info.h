#ifndef GATEHOUSE_RPC_METHOD_METHOD_INFO_H_
#define GATEHOUSE_RPC_METHOD_METHOD_INFO_H_

#include <cstddef>
#include <string>

namespace gatehouse::rpc {

enum class MethodKind {
  kUnary,
  kServerStreaming,
  // Client streaming too: a bidirectional method that writes once.
  kBidiStreaming,
};

// Who may call a method: the option gatehouse.v1.access of its descriptor.
struct AccessPolicy {
  // Empty only where `is_public`.
  std::string permission = {};
  // The permission's number, its bit in Principal::permissions. Filled in by
  // MethodRegistry::Validate.
  int permission_number = -1;
  // A caller without the permission may act on what is its own.
  bool self = false;
  bool is_public = false;
};

// What most methods take, which need credentials.
inline constexpr size_t kDefaultMaxRequestBytes = size_t{64} << 10;

// What is known about a method before any call of it.
struct MethodInfo {
  // "/gatehouse.v1.UserService/GetUser", as on the wire.
  std::string name;
  MethodKind kind = MethodKind::kUnary;
  AccessPolicy access;
  // Of each message. Not of public methods, which have a limit in common.
  size_t max_request_bytes = kDefaultMaxRequestBytes;
  // Answered also when the server is overloaded: health checks, since a busy
  // server that is restarted for it comes back to more work.
  bool exempt_from_admission = false;
  // Answered before the rest when there is too much: other services wait for each call of it.
  bool served_first = false;
  // Of bidirectional methods: the client speaks first, so that a call is nothing to attend to
  // before its first message.
  bool client_speaks_first = false;
  // The answer is a page of a list: long, and of rows that are much alike.
  bool is_list = false;
  // Dense from 0 in order of registration: an index into per-method arrays.
  size_t index = 0;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_METHOD_METHOD_INFO_H_
