#include "service/webhook/endpoint/certificate_rules.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxAuthorities = 16;
constexpr size_t kMaxAuthoritiesBytes = size_t{64} << 10;
constexpr size_t kMaxChain = 8;
constexpr size_t kMaxChainBytes = size_t{32} << 10;
constexpr size_t kMaxKeyBytes = size_t{16} << 10;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<&BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<&X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<&EVP_PKEY_free>>;

// What went wrong stays in the thread's queue otherwise, for others to find.
struct ErrorsForgotten {
  ~ErrorsForgotten() { ERR_clear_error(); }
};

Bio BioOf(std::string_view pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Never asks anybody for a password: by default libcrypto does, for certificates too, on the
// terminal or the standard input, and waits for it.
int NoPassword(char*, int, int, void*) { return -1; }

// Nothing unless all of it is certificates and blank space.
std::vector<Certificate> Parse(std::string_view pem, size_t max) {
  // Postgres takes none in a text.
  if (pem.find('\0') != std::string_view::npos) return {};
  const ErrorsForgotten forgotten;
  const Bio bio = BioOf(pem);
  std::vector<Certificate> certificates;
  while (certificates.size() <= max) {
    Certificate next(PEM_read_bio_X509(bio.get(), nullptr, &NoPassword, nullptr));
    if (!next) {
      // PEM_R_NO_START_LINE is the end; anything else is a block that is no certificate.
      if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) return {};
      break;
    }
    certificates.push_back(std::move(next));
  }
  // PEM_read_bio_X509 passes over blocks of other kinds: a key in here is a slip that matters.
  size_t blocks = 0;
  for (size_t at = pem.find("-----BEGIN "); at != std::string_view::npos;
       at = pem.find("-----BEGIN ", at + 1)) {
    ++blocks;
  }
  if (blocks != certificates.size()) return {};
  return certificates;
}

base::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return base::Time::min();
  return base::Time(std::chrono::seconds(timegm(&parts)));
}

Key ParseKey(std::string_view pem) {
  const ErrorsForgotten forgotten;
  const Bio bio = BioOf(pem);
  return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, nullptr));
}

bool IsKnownKind(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_EC:
    case EVP_PKEY_ED25519:
      return true;
    default:
      return false;
  }
}

absl::Status CheckKey(const std::string& field, X509* certificate, std::string_view pem) {
  if (pem.empty()) {
    return base::InvalidField(field, "is required with a certificate that is not there yet");
  }
  if (pem.size() > kMaxKeyBytes) return base::InvalidField(field, "is longer than 16 KiB");
  const Key key = ParseKey(pem);
  if (!key || !IsKnownKind(key.get())) {
    return base::InvalidField(
        field, "must be one PEM private key of RSA, ECDSA or Ed25519, not encrypted");
  }
  const ErrorsForgotten forgotten;
  if (X509_check_private_key(certificate, key.get()) != 1) {
    return base::InvalidField(field, "is not the key of the first certificate");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckAuthorities(std::string_view field, std::string_view pem) {
  if (pem.size() > kMaxAuthoritiesBytes) {
    return base::InvalidField(field, "is longer than 64 KiB", base::Reason::kTooLarge);
  }
  const std::vector<Certificate> certificates = Parse(pem, kMaxAuthorities);
  if (certificates.empty() || certificates.size() > kMaxAuthorities) {
    return base::InvalidField(field, "must be 1 to 16 certificates in PEM, and nothing else");
  }
  return absl::OkStatus();
}

absl::Status CheckClientCertificate(std::string_view field,
                                    const storage::ClientCertificate& certificate, base::Time now) {
  const std::string chain_field = std::string(field) + ".certificate";
  if (certificate.certificate.size() > kMaxChainBytes) {
    return base::InvalidField(chain_field, "is longer than 32 KiB", base::Reason::kTooLarge);
  }
  const std::vector<Certificate> chain = Parse(certificate.certificate, kMaxChain);
  if (chain.empty() || chain.size() > kMaxChain) {
    return base::InvalidField(chain_field, "must be 1 to 8 certificates in PEM, and nothing else");
  }
  X509* own = chain.front().get();
  if (TimeOf(X509_get0_notAfter(own)) <= now) {
    return base::InvalidField(chain_field, "has expired");
  }
  if (TimeOf(X509_get0_notBefore(own)) > now) {
    return base::InvalidField(chain_field, "is not valid yet");
  }
  return CheckKey(std::string(field) + ".private_key", own, certificate.private_key);
}

base::Time CertificateExpires(std::string_view pem) {
  const std::vector<Certificate> chain = Parse(pem, kMaxChain);
  return chain.empty() ? base::Time::min() : TimeOf(X509_get0_notAfter(chain.front().get()));
}

}  // namespace gatehouse::service
