#include "rpc/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

namespace gatehouse::rpc {
namespace {

// A TLS record.
constexpr size_t kRecordBytes = size_t{16} << 10;

int Length(size_t size) { return static_cast<int>(size); }

}  // namespace

void TlsSession::Free::operator()(ssl_st* session) const { SSL_free(session); }

TlsSession::TlsSession(ssl_ctx_st* context) : session_(SSL_new(context)) {
  SSL_set_accept_state(session_.get());
  SSL_set_bio(session_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
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
  ready_ = true;
  Write(std::exchange(early_, {}));
  return true;
}

bool TlsSession::OnInput(std::string_view cipher, std::string& plain) {
  // Whose error it was stays in the thread's queue otherwise, and confuses the next connection's.
  ERR_clear_error();
  BIO_write(SSL_get_rbio(session_.get()), cipher.data(), Length(cipher.size()));
  if (!ready_ && !Handshake()) {
    Drain();
    ERR_clear_error();
    return false;
  }
  bool open = true;
  while (ready_) {
    const size_t before = plain.size();
    plain.resize(before + kRecordBytes);
    const int got = SSL_read(session_.get(), plain.data() + before, Length(kRecordBytes));
    plain.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
    if (got <= 0) {
      open = SSL_get_error(session_.get(), got) == SSL_ERROR_WANT_READ;
      break;
    }
  }
  Drain();
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
  Drain();
}

void TlsSession::Finish() {
  if (!ready_) return;
  ERR_clear_error();
  SSL_shutdown(session_.get());
  Drain();
}

void TlsSession::Drain() {
  BIO* const bio = SSL_get_wbio(session_.get());
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  if (length <= 0) return;
  output_.append(bytes, static_cast<size_t>(length));
  BIO_reset(bio);
}

std::string TlsSession::TakeOutput() { return std::exchange(output_, {}); }

}  // namespace gatehouse::rpc
