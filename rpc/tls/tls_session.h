#ifndef GATEHOUSE_RPC_TLS_TLS_SESSION_H_
#define GATEHOUSE_RPC_TLS_TLS_SESSION_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rpc/chain/client_certificate.h"

struct ssl_ctx_st;
struct ssl_st;

namespace gatehouse::rpc {

// The TLS of one connection, server side, apart from its socket: cipher text in and out by hand.
// Not thread-safe.
class TlsSession {
 public:
  // Shares the context.
  explicit TlsSession(ssl_ctx_st* context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Cipher text from the peer; appends what is in it to `plain`. False: the session is over, and
  // what TakeOutput has, an alert, is the last of it.
  bool OnInput(std::string_view cipher, std::string& plain);

  // Encrypts. Before the handshake is through it waits for its end.
  void Write(std::string_view plain);
  // Says that nothing more will be written.
  void Finish();

  // What the client has shown, once the handshake is through; null if nothing.
  const ClientCertificate* client_certificate() const {
    return client_certificate_ ? &*client_certificate_ : nullptr;
  }

  // Cipher text for the peer.
  std::string TakeOutput();

 private:
  struct Free {
    void operator()(ssl_st* session) const;
  };
  // What OpenSSL reads from and writes to.
  struct Wire;

  bool Handshake();
  void ReadClientCertificate();

  std::unique_ptr<ssl_st, Free> session_;
  // What is left of what OnInput was given.
  std::string_view input_;
  std::string output_;
  // Written before the handshake ended.
  std::string early_;
  std::optional<ClientCertificate> client_certificate_;
  bool ready_ = false;
};

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_TLS_TLS_SESSION_H_
