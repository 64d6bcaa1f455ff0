#include "rpc/tls/tls_files.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <memory>

#include "base/status.h"

namespace gatehouse::rpc {
namespace {

constexpr char kCertificate[] = "grpc.tls_certificate_file";
constexpr char kKey[] = "grpc.tls_key_file";

absl::Status CheckReadable(const char* setting, const std::string& path) {
  if (path.empty()) {
    return base::InvalidField(setting, "is required: TLS needs a certificate and its key");
  }
  if (access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return base::InvalidField(setting, "cannot read " + path);
}

absl::Status CheckContents(SSL_CTX* context, const std::string& certificate_file,
                           const std::string& key_file) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
    return base::InvalidField(kCertificate, certificate_file + " holds no certificate as PEM");
  }
  // By default OpenSSL asks at the terminal.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool other = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    return base::InvalidField(kKey, key_file + (other ? " is the key of another certificate"
                                                      : " holds no private key as PEM, or one "
                                                        "with a passphrase"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTlsFiles(const std::string& certificate_file, const std::string& key_file) {
  if (certificate_file.empty() && key_file.empty()) return absl::OkStatus();
  GH_RETURN_IF_ERROR(CheckReadable(kCertificate, certificate_file));
  GH_RETURN_IF_ERROR(CheckReadable(kKey, key_file));
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                                  &SSL_CTX_free);
  const absl::Status status = CheckContents(context.get(), certificate_file, key_file);
  // What went wrong stays in the thread's queue otherwise, for others to find.
  ERR_clear_error();
  return status;
}

}  // namespace gatehouse::rpc
