#ifndef GATEHOUSE_RPC_TLS_TLS_FILES_H_
#define GATEHOUSE_RPC_TLS_TLS_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "rpc/server_options.h"

namespace gatehouse::rpc {

// Whether a server can serve with these PEM files; both empty: without TLS.
// INVALID_FIELD about the setting whose file is missing, cannot be read or holds no
// certificate, no key or a key with a passphrase; of the key, if it is of another
// certificate.
absl::Status CheckTlsFiles(const std::string& certificate_file, const std::string& key_file);

struct TlsFiles {
  std::string certificate;
  std::string key;
  // The authorities that sign clients' certificates; for ClientAuth other than kNone.
  std::string client_ca = {};
  ClientAuth client_auth = ClientAuth::kNone;
};

// The same of all of them.
absl::Status CheckTlsFiles(const TlsFiles& files);

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_TLS_TLS_FILES_H_
