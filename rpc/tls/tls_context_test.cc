#include "rpc/tls/tls_context.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "rpc/tls/tls_session.h"

namespace gatehouse::rpc {
namespace {

// The other end of a TlsSession, without a network.
class Client {
 public:
  struct Options {
    std::string certificate_file = {};
    std::string key_file = {};
    std::string protocol = "\x02h2";
    int max_version = TLS1_3_VERSION;
  };

  Client(std::unique_ptr<TlsSession> server, const Options& options)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), server_(std::move(server)) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_.get(), options.max_version);
    if (!options.certificate_file.empty()) {
      EXPECT_EQ(
          SSL_CTX_use_certificate_chain_file(context_.get(), options.certificate_file.c_str()), 1);
      EXPECT_EQ(
          SSL_CTX_use_PrivateKey_file(context_.get(), options.key_file.c_str(), SSL_FILETYPE_PEM),
          1);
    }
    session_.reset(SSL_new(context_.get()));
    if (!options.protocol.empty()) {
      SSL_set_alpn_protos(session_.get(),
                          reinterpret_cast<const unsigned char*>(options.protocol.data()),
                          static_cast<unsigned>(options.protocol.size()));
    }
    SSL_set_bio(session_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(session_.get());
    for (int i = 0; i < 5 && open_; ++i) {
      SSL_do_handshake(session_.get());
      Exchange();
    }
  }

  // What the server makes of `text`, if anything; then its answer is read back.
  std::string Send(const std::string& text) {
    SSL_write(session_.get(), text.data(), static_cast<int>(text.size()));
    received_.clear();
    Exchange();
    return received_;
  }
  std::string Receive(const std::string& text) {
    server_->Write(text);
    Exchange();
    std::array<char, 256> buffer;
    const int got = SSL_read(session_.get(), buffer.data(), buffer.size());
    return got > 0 ? std::string(buffer.data(), static_cast<size_t>(got)) : std::string();
  }

  // Both have finished the handshake, and the server has not gone away since.
  bool connected() const { return open_ && SSL_is_init_finished(session_.get()) == 1; }
  TlsSession& server() { return *server_; }

  std::string ServerSubject() const {
    const std::unique_ptr<X509, decltype(&X509_free)> shown(
        SSL_get1_peer_certificate(session_.get()), X509_free);
    std::array<char, 256> text{};
    X509_NAME_oneline(X509_get_subject_name(shown.get()), text.data(), text.size());
    return text.data();
  }

 private:
  void Exchange() {
    std::array<char, 65536> bytes;
    const int to_server = BIO_read(SSL_get_wbio(session_.get()), bytes.data(), bytes.size());
    if (to_server > 0) {
      open_ = server_->OnInput({bytes.data(), static_cast<size_t>(to_server)}, received_);
    }
    const std::string to_client = server_->TakeOutput();
    BIO_write(SSL_get_rbio(session_.get()), to_client.data(), static_cast<int>(to_client.size()));
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<TlsSession> server_;
  std::unique_ptr<SSL, decltype(&SSL_free)> session_{nullptr, SSL_free};
  std::string received_;
  bool open_ = true;
};

class TlsContextTest : public testing::Test {
 protected:
  static std::string Path(const std::string& name) { return testing::TempDir() + "/" + name; }

  static void Run(const std::string& command) {
    ASSERT_EQ(std::system((command + " 2>/dev/null").c_str()), 0) << command;
  }
  // NAME.pem and NAME.key, signed by `authority` or by itself.
  static void Make(const std::string& name, const std::string& authority = {},
                   const std::string& more = {}) {
    Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        "-subj /O=Example/CN=" +
        name + " -keyout " + Path(name + ".key") + " -out " + Path(name + ".pem") +
        (authority.empty()
             ? std::string()
             : " -CA " + Path(authority + ".pem") + " -CAkey " + Path(authority + ".key")) +
        more);
  }
  static void Replace(const std::string& name, const std::string& by) {
    for (const char* end : {".pem", ".key"})
      std::filesystem::rename(Path(by + end), Path(name + end));
  }

  static std::unique_ptr<TlsContext> Load(ClientAuth auth = ClientAuth::kNone) {
    auto context = TlsContext::Load({.certificate = Path("server.pem"),
                                     .key = Path("server.key"),
                                     .client_ca = Path("authority.pem"),
                                     .client_auth = auth});
    EXPECT_TRUE(context.ok()) << context.status();
    return *std::move(context);
  }
};

TEST_F(TlsContextTest, AChangedCertificateCountsForNewSessionsAndEndsNone) {
  Make("server");
  const auto context = Load();
  Client before(context->NewSession(), {});
  ASSERT_TRUE(before.connected());
  EXPECT_EQ(context->Refresh(), TlsContext::Files::kUnchanged);
  Make("renewed");
  Replace("server", "renewed");
  EXPECT_EQ(context->Refresh(), TlsContext::Files::kInUse);
  Client after(context->NewSession(), {});
  ASSERT_TRUE(after.connected());
  EXPECT_EQ(before.ServerSubject(), "/O=Example/CN=server");
  EXPECT_EQ(after.ServerSubject(), "/O=Example/CN=renewed");
  for (Client* client : {&before, &after}) {
    EXPECT_EQ(client->Send("a call"), "a call");
    EXPECT_EQ(client->Receive("its answer"), "its answer");
  }
}

TEST_F(TlsContextTest, HalfAChangeChangesNothing) {
  Make("server");
  const auto context = Load();
  Make("renewed");
  std::filesystem::rename(Path("renewed.pem"), Path("server.pem"));
  EXPECT_EQ(context->Refresh(), TlsContext::Files::kRefused);
  EXPECT_EQ(context->Refresh(), TlsContext::Files::kUnchanged);
  Client client(context->NewSession(), {});
  EXPECT_EQ(client.ServerSubject(), "/O=Example/CN=server");
  std::filesystem::rename(Path("renewed.key"), Path("server.key"));
  EXPECT_EQ(context->Refresh(), TlsContext::Files::kInUse);
}

TEST_F(TlsContextTest, SpeaksHttp2OverTls12AndLaterAlone) {
  Make("server");
  const auto context = Load();
  EXPECT_TRUE(Client(context->NewSession(), {.max_version = TLS1_2_VERSION}).connected());
  EXPECT_FALSE(Client(context->NewSession(), {.max_version = TLS1_1_VERSION}).connected());
  EXPECT_FALSE(Client(context->NewSession(), {.protocol = "\x08http/1.1"}).connected());
  EXPECT_FALSE(Client(context->NewSession(), {.protocol = ""}).connected());
  EXPECT_TRUE(Client(context->NewSession(), {.protocol = "\x08http/1.1\x02h2"}).connected());
}

TEST_F(TlsContextTest, AsksForCertificatesOfItsAuthoritiesWhereItShall) {
  Make("authority");
  Make("server");
  Make("billing", "authority", " -addext subjectAltName=URI:spiffe://example.org/billing,DNS:b");
  Make("stranger");
  const Client::Options billing{.certificate_file = Path("billing.pem"),
                                .key_file = Path("billing.key")};
  const Client::Options stranger{.certificate_file = Path("stranger.pem"),
                                 .key_file = Path("stranger.key")};

  const auto required = Load(ClientAuth::kRequired);
  Client good(required->NewSession(), billing);
  ASSERT_TRUE(good.connected());
  ASSERT_NE(good.server().client_certificate(), nullptr);
  EXPECT_EQ(good.server().client_certificate()->subject, "CN=billing,O=Example");
  EXPECT_EQ(good.server().client_certificate()->uris,
            std::vector<std::string>{"spiffe://example.org/billing"});
  EXPECT_FALSE(Client(required->NewSession(), stranger).connected());
  EXPECT_FALSE(Client(required->NewSession(), {}).connected());

  const auto accepted = Load(ClientAuth::kAccepted);
  Client without(accepted->NewSession(), {});
  EXPECT_TRUE(without.connected());
  EXPECT_EQ(without.server().client_certificate(), nullptr);
  EXPECT_TRUE(Client(accepted->NewSession(), billing).connected());
  EXPECT_FALSE(Client(accepted->NewSession(), stranger).connected());

  Client unasked(Load()->NewSession(), stranger);
  EXPECT_TRUE(unasked.connected());
  EXPECT_EQ(unasked.server().client_certificate(), nullptr);
}

TEST_F(TlsContextTest, WantsTheFilesOfWhatItShallAsk) {
  Make("server");
  const TlsFiles files{.certificate = Path("server.pem"),
                       .key = Path("server.key"),
                       .client_ca = Path("no-such.pem"),
                       .client_auth = ClientAuth::kAccepted};
  EXPECT_FALSE(TlsContext::Load(files).ok());
  EXPECT_FALSE(
      CheckTlsFiles({.certificate = "", .key = "", .client_auth = ClientAuth::kRequired}).ok());
}

}  // namespace
}  // namespace gatehouse::rpc
