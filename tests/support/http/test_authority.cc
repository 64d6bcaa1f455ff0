#include "tests/support/http/test_authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace gatehouse::tests {
namespace {

constexpr long kHalfValidity = 30 * 60;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<&EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Deleter<&X509_free>>;
using Memory = std::unique_ptr<BIO, Deleter<&BIO_free>>;

// A test cannot go on without its certificates.
void Require(bool ok) {
  if (!ok) std::abort();
}

std::string TextOf(const Memory& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

Certificate ToPem(X509* certificate, EVP_PKEY* key) {
  const Memory certificate_text(BIO_new(BIO_s_mem()));
  const Memory key_text(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(certificate_text.get(), certificate) == 1);
  Require(PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
          1);
  return {TextOf(certificate_text), TextOf(key_text)};
}

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Without an issuer it signs itself. `name` empty: an authority.
Certificate Make(const Certificate* issuer, const std::string& name, std::chrono::seconds shift) {
  const Key key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  Require(key && certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  uint32_t serial = 0;
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), shift.count() - kHalfValidity);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), shift.count() + kHalfValidity);
  X509_set_pubkey(certificate.get(), key.get());
  const std::string subject = name.empty() ? "Test Authority" : "Test Receiver";
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509Ptr by;
  Key by_key;
  if (issuer != nullptr) {
    const Memory text(BIO_new_mem_buf(issuer->certificate.data(), -1));
    const Memory key_text(BIO_new_mem_buf(issuer->key.data(), -1));
    by.reset(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
    by_key.reset(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
    Require(by && by_key);
  }
  X509* signer = by ? by.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  if (name.empty()) {
    Extend(certificate.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
    Extend(certificate.get(), signer, NID_key_usage, "critical,keyCertSign");
  } else {
    Extend(certificate.get(), signer, NID_subject_alt_name, name);
  }
  Require(X509_sign(certificate.get(), by_key ? by_key.get() : key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get(), key.get());
}

}  // namespace

TestAuthority::TestAuthority() : own_(Make(nullptr, "", std::chrono::seconds(0))) {}

Certificate TestAuthority::Issue(const std::string& name, std::chrono::seconds shift) const {
  return Make(&own_, name, shift);
}

Certificate TestAuthority::SelfSigned(const std::string& name) {
  return Make(nullptr, name, std::chrono::seconds(0));
}

}  // namespace gatehouse::tests
