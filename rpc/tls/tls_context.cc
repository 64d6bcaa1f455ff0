#include "rpc/tls/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "rpc/tls/tls_files.h"
#include "rpc/tls/tls_session.h"

namespace gatehouse::rpc {
namespace {

constexpr unsigned char kHttp2[] = {2, 'h', '2'};

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_length,
                   const unsigned char* offered, unsigned offered_length, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_length, kHttp2, sizeof(kHttp2), offered,
                            offered_length) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// Path, inode, size and times: renaming a new file into place changes the inode, writing it the
// times.
std::string StampOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return {};
  return std::to_string(info.st_ino) + ' ' + std::to_string(info.st_size) + ' ' +
         std::to_string(info.st_mtim.tv_sec) + '.' + std::to_string(info.st_mtim.tv_nsec);
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}

TlsContext::~TlsContext() = default;

absl::StatusOr<TlsContext::Context> TlsContext::Make(const std::string& certificate_file,
                                                     const std::string& key_file) {
  GH_RETURN_IF_ERROR(CheckTlsFiles(certificate_file, key_file));
  Context context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // RFC 9113, 9.2: no compression, no renegotiation; and of TLS 1.2 only what it allows.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  // A connection lasts for an hour: what a session cache would save is not worth its memory.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  // Idle connections give their record buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  const bool loaded =
      SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  ERR_clear_error();
  // They were good a moment ago.
  if (!loaded) return absl::UnavailableError("the TLS files change right now");
  return context;
}

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Load(const std::string& certificate_file,
                                                             const std::string& key_file) {
  std::unique_ptr<TlsContext> loaded(new TlsContext(certificate_file, key_file));
  const std::string stamp = loaded->Stamp();
  GH_ASSIGN_OR_RETURN(Context context, Make(certificate_file, key_file));
  const base::MutexLock lock(loaded->mutex_);
  loaded->context_ = std::move(context);
  loaded->stamp_ = stamp;
  return loaded;
}

std::unique_ptr<TlsSession> TlsContext::NewSession() {
  const base::MutexLock lock(mutex_);
  return std::make_unique<TlsSession>(context_.get());
}

bool TlsContext::Refresh() {
  const std::string stamp = Stamp();
  {
    const base::MutexLock lock(mutex_);
    if (stamp == stamp_) return false;
    stamp_ = stamp;
  }
  absl::StatusOr<Context> context = Make(certificate_file_, key_file_);
  if (!context.ok()) {
    const std::string why(context.status().message());
    base::LogLine(base::LogLevel::kWarning,
                  "the changed TLS files are of no use, the old ones stay", {{"error", why}});
    return false;
  }
  {
    const base::MutexLock lock(mutex_);
    context_.swap(*context);
  }
  base::LogLine(base::LogLevel::kInfo, "the TLS certificate was read anew",
                {{"file", certificate_file_}});
  return true;
}

std::string TlsContext::Stamp() const {
  return StampOf(certificate_file_) + '\n' + StampOf(key_file_);
}

}  // namespace gatehouse::rpc
