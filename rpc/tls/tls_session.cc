#include "rpc/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

namespace gatehouse::rpc {
namespace {

// A TLS record.
constexpr size_t kRecordBytes = size_t{16} << 10;

std::string SubjectOf(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new(BIO_s_mem()), &BIO_free);
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(text.get(), &bytes);
  return length > 0 ? std::string(bytes, static_cast<size_t>(length)) : std::string();
}

std::vector<std::string> UrisOf(X509* certificate) {
  const auto free_names = [](GENERAL_NAMES* names) { GENERAL_NAMES_free(names); };
  const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      free_names);
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

int Length(size_t size) { return static_cast<int>(size); }

}  // namespace

// A BIO over the session's own input and output: OpenSSL's in memory keep copies of both, and what
// they once needed.
struct TlsSession::Wire {
  static BIO* New(TlsSession& session) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
      BIO_meth_set_read(made, Read);
      BIO_meth_set_write(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    BIO* const bio = BIO_new(method);
    BIO_set_data(bio, &session);
    BIO_set_init(bio, 1);
    return bio;
  }

 private:
  static TlsSession& ToSession(BIO* bio) { return *static_cast<TlsSession*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* bytes, int length) {
    std::string_view& input = ToSession(bio).input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t taken = input.copy(bytes, static_cast<size_t>(length));
    input.remove_prefix(taken);
    return Length(taken);
  }

  static int Write(BIO* bio, const char* bytes, int length) {
    ToSession(bio).output_.append(bytes, static_cast<size_t>(length));
    return length;
  }

  static long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
};

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(ssl_ctx_st* context) : session_(SSL_new(context)) {
  SSL_set_accept_state(session_.get());
  BIO* const wire = Wire::New(*this);
  SSL_set_bio(session_.get(), wire, wire);
}

TlsSession::~TlsSession() = default;

bool TlsSession::Handshake() {
  const int result = SSL_do_handshake(session_.get());
  if (result != 1) return SSL_get_error(session_.get(), result) == SSL_ERROR_WANT_READ;
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(session_.get(), &protocol, &length);
  // A client that did not say what it speaks: RFC 9113 wants to hear it.
  if (length == 0) return false;
  ReadClientCertificate();
  ready_ = true;
  Write(std::exchange(early_, {}));
  return true;
}

void TlsSession::ReadClientCertificate() {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(session_.get()), &X509_free);
  if (certificate == nullptr) return;
  client_certificate_ = {.subject = SubjectOf(certificate.get()),
                         .uris = UrisOf(certificate.get())};
}

bool TlsSession::OnInput(std::string_view cipher, std::string& plain) {
  // Whose error it was stays in the thread's queue otherwise, and confuses the next connection's.
  ERR_clear_error();
  input_ = cipher;
  if (!ready_ && !Handshake()) {
    input_ = {};
    ERR_clear_error();
    return false;
  }
  bool open = true;
  while (ready_) {
    // Not initialised: it is as long as the longest of them.
    std::array<char, kRecordBytes> record;
    const int got = SSL_read(session_.get(), record.data(), Length(record.size()));
    if (got <= 0) {
      open = SSL_get_error(session_.get(), got) == SSL_ERROR_WANT_READ;
      break;
    }
    plain.append(record.data(), static_cast<size_t>(got));
  }
  input_ = {};
  ERR_clear_error();
  return open;
}

void TlsSession::Write(std::string_view plain) {
  if (plain.empty()) return;
  if (!ready_) {
    early_.append(plain);
    return;
  }
  ERR_clear_error();
  // Into memory, so it is taken whole, or the session is broken, which reading tells.
  SSL_write(session_.get(), plain.data(), Length(plain.size()));
}

void TlsSession::Finish() {
  if (!ready_) return;
  ERR_clear_error();
  SSL_shutdown(session_.get());
}

std::string TlsSession::TakeOutput() { return std::exchange(output_, {}); }

}  // namespace gatehouse::rpc
