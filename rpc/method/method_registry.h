#ifndef GATEHOUSE_RPC_METHOD_METHOD_REGISTRY_H_
#define GATEHOUSE_RPC_METHOD_METHOD_REGISTRY_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "rpc/method/method_handler.h"
#include "rpc/method/method_info.h"

namespace gatehouse::rpc {

struct Method {
  MethodInfo info;
  std::unique_ptr<MethodHandler> handler;
};

// Which methods the server has. Filled at start, checked by Validate, then
// read only, from any thread.
//
//   registry.AddUnary<v1::GetUserRequest, v1::GetUserResponse>(
//       "/gatehouse.v1.UserService/GetUser",
//       [&service](base::CallContext ctx, v1::GetUserRequest request) {
//         return service.GetUser(std::move(ctx), std::move(request));
//       });
//
// The function is an ordinary one that returns a coroutine's Task; it is not a
// coroutine itself, so what it captures may be used only until it returns. It
// outlives every call. Of the policy nothing is said here: it stands in the
// .proto file.
class MethodRegistry {
 public:
  // Overrides for methods whose .proto is not ours and has no access option.
  struct Foreign {
    AccessPolicy access;
    bool exempt_from_admission = false;
    bool client_speaks_first = false;
  };

  template <typename Request, typename Response, typename Fn>
  void AddUnary(std::string_view name, Fn fn, std::optional<Foreign> foreign = std::nullopt) {
    Add(name, MethodKind::kUnary,
        std::make_unique<UnaryHandler<Request, Response, Fn>>(std::move(fn)), std::move(foreign));
  }

  template <typename Request, typename Response, typename Fn>
  void AddServerStreaming(std::string_view name, Fn fn,
                          std::optional<Foreign> foreign = std::nullopt) {
    Add(name, MethodKind::kServerStreaming,
        std::make_unique<ServerStreamingHandler<Request, Response, Fn>>(std::move(fn)),
        std::move(foreign));
  }

  template <typename Request, typename Response, typename Fn>
  void AddBidiStreaming(std::string_view name, Fn fn,
                        std::optional<Foreign> foreign = std::nullopt) {
    Add(name, MethodKind::kBidiStreaming,
        std::make_unique<BidiHandler<Request, Response, Fn>>(std::move(fn)), std::move(foreign));
  }

  // The number of a permission; nullopt if there is no such permission.
  using PermissionNumber = std::function<std::optional<int>(std::string_view)>;

  // Compares what is registered with the descriptors: every method of every
  // service of which any method is registered has a handler of its kind and
  // types, and an access policy that names a known permission. Of `package`, if given,
  // every service that this program knows must be registered: a server does not start
  // without one that somebody forgot. The error names each method that fails; the
  // server must not start with one.
  absl::Status Validate(const PermissionNumber& permission_number, std::string_view package = {});

  // Null if there is no such method. `name` as on the wire, with both slashes.
  const Method* Find(std::string_view name) const;

  const std::vector<std::unique_ptr<Method>>& methods() const { return methods_; }

  // Full names of the services with registered methods, sorted.
  std::vector<std::string> ServiceNames() const;

 private:
  void Add(std::string_view name, MethodKind kind, std::unique_ptr<MethodHandler> handler,
           std::optional<Foreign> foreign);

  std::vector<std::unique_ptr<Method>> methods_;
  // Keys are views of Method::info.name.
  std::unordered_map<std::string_view, const Method*> by_name_;
  std::vector<std::string> errors_;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_METHOD_METHOD_REGISTRY_H_
