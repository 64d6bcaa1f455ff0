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

// Who shows a certificate shows one of these authorities', or is sent away.
bool AskForCertificates(SSL_CTX* context, const TlsFiles& files) {
  if (files.client_auth == ClientAuth::kNone) return true;
  SSL_CTX_set_verify(
      context,
      SSL_VERIFY_PEER |
          (files.client_auth == ClientAuth::kRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(files.client_ca.c_str()));
  return SSL_CTX_load_verify_file(context, files.client_ca.c_str()) == 1;
}

// Inode, size and time: renaming a new file into place changes the inode, writing it or changing
// who may read it the time.
std::string StampOf(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) return {};
  return std::to_string(info.st_ino) + ' ' + std::to_string(info.st_size) + ' ' +
         std::to_string(info.st_ctim.tv_sec) + '.' + std::to_string(info.st_ctim.tv_nsec);
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsContext::TlsContext(TlsFiles files) : files_(std::move(files)) {}

TlsContext::~TlsContext() = default;

absl::StatusOr<TlsContext::Context> TlsContext::Make(const TlsFiles& files) {
  GH_RETURN_IF_ERROR(CheckTlsFiles(files));
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
      SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) == 1 &&
      AskForCertificates(context.get(), files);
  ERR_clear_error();
  // They were good a moment ago.
  if (!loaded) return absl::UnavailableError("the TLS files change right now");
  return context;
}

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Load(const TlsFiles& files) {
  std::unique_ptr<TlsContext> loaded(new TlsContext(files));
  const std::string stamp = loaded->Stamp();
  GH_ASSIGN_OR_RETURN(Context context, Make(files));
  const base::MutexLock lock(loaded->mutex_);
  loaded->context_ = std::move(context);
  loaded->stamp_ = stamp;
  return loaded;
}

std::unique_ptr<TlsSession> TlsContext::NewSession() {
  const base::MutexLock lock(mutex_);
  return std::make_unique<TlsSession>(context_.get());
}

TlsContext::Files TlsContext::Refresh() {
  const std::string stamp = Stamp();
  {
    const base::MutexLock lock(mutex_);
    if (stamp == stamp_) return Files::kUnchanged;
    stamp_ = stamp;
  }
  absl::StatusOr<Context> context = Make(files_);
  if (!context.ok()) {
    const std::string why(context.status().message());
    base::LogLine(base::LogLevel::kWarning,
                  "the changed TLS files are of no use, the old ones stay", {{"error", why}});
    return Files::kRefused;
  }
  {
    const base::MutexLock lock(mutex_);
    context_.swap(*context);
  }
  base::LogLine(base::LogLevel::kInfo, "the TLS certificate was read anew",
                {{"file", files_.certificate}});
  return Files::kInUse;
}

std::string TlsContext::Stamp() const {
  return StampOf(files_.certificate) + '\n' + StampOf(files_.key) + '\n' +
         StampOf(files_.client_ca);
}

}  // namespace gatehouse::rpc
