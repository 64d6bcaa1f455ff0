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
constexpr char kClientCa[] = "grpc.tls_client_ca_file";

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

absl::Status CheckTlsFiles(const TlsFiles& files) {
  GH_RETURN_IF_ERROR(CheckTlsFiles(files.certificate, files.key));
  if (files.client_auth == ClientAuth::kNone) return absl::OkStatus();
  if (files.certificate.empty()) {
    return base::InvalidField("grpc.tls_client_auth", "needs TLS: set grpc.tls_certificate_file");
  }
  if (files.client_ca.empty()) {
    return base::InvalidField(kClientCa, "is required where certificates of clients are asked for");
  }
  const std::unique_ptr<STACK_OF(X509_NAME), void (*)(STACK_OF(X509_NAME)*)> authorities(
      SSL_load_client_CA_file(files.client_ca.c_str()),
      [](STACK_OF(X509_NAME) * names) { sk_X509_NAME_pop_free(names, X509_NAME_free); });
  ERR_clear_error();
  if (authorities != nullptr) return absl::OkStatus();
  return base::InvalidField(
      kClientCa, "cannot read " + files.client_ca + ", or it holds no certificate as PEM");
}

}  // namespace gatehouse::rpc
