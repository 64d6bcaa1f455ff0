#ifndef GATEHOUSE_RPC_TLS_TLS_CONTEXT_H_
#define GATEHOUSE_RPC_TLS_TLS_CONTEXT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/async/mutex.h"
#include "rpc/tls/tls_files.h"

struct ssl_ctx_st;

namespace gatehouse::rpc {

class TlsSession;

// The server's certificate and key, and the authorities of its clients' ones, from files that may
// change: whoever renews a certificate writes the new one in its place. TLS 1.2 and 1.3, HTTP/2
// alone. Thread-safe.
class TlsContext {
 public:
  // As CheckTlsFiles.
  static absl::StatusOr<std::unique_ptr<TlsContext>> Load(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For a new connection. Those that exist keep what they began with.
  std::unique_ptr<TlsSession> NewSession();

  enum class Files { kUnchanged, kInUse, kRefused };
  // Reads the files anew if they have changed. If they are of no use, or do not go together, as
  // when only one of them is written yet, the old ones stay, and the log says so.
  Files Refresh();

 private:
  explicit TlsContext(TlsFiles files);

  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  using Context = std::unique_ptr<ssl_ctx_st, Free>;

  static absl::StatusOr<Context> Make(const TlsFiles& files);
  // What tells that a file was written again.
  std::string Stamp() const;

  const TlsFiles files_;
  base::Mutex mutex_;
  Context context_ GH_GUARDED_BY(mutex_);
  std::string stamp_ GH_GUARDED_BY(mutex_);
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_TLS_TLS_CONTEXT_H_
