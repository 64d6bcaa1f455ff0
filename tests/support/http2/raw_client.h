#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP2_RAW_CLIENT_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP2_RAW_CLIENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::tests {

// An HTTP/2 client that sends whatever bytes a test wants, for what no library would do. Blocks.
class RawClient {
 public:
  enum Type : uint8_t {
    kData,
    kHeaders,
    kPriority,
    kReset,
    kSettings,
    kPush,
    kPing,
    kGoAway,
    kWindowUpdate
  };
  static constexpr uint8_t kEndStream = 1;
  static constexpr uint8_t kEndHeaders = 4;

  struct Frame {
    uint8_t type = 0;
    uint8_t flags = 0;
    uint32_t stream = 0;
    std::string payload = {};
  };
  using Fields = std::vector<std::pair<std::string, std::string>>;

  // Plain text to 127.0.0.1, or ::1. `greet`: with the preface and empty settings.
  explicit RawClient(int port, bool greet = true, bool v6 = false);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the server has closed the connection.
  bool Send(std::string_view bytes);
  bool SendFrame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload);

  // The next frame; nullopt when the server closed the connection, or after a long time.
  std::optional<Frame> Read();
  // The next one of this type, and stream if there is one given.
  std::optional<Frame> ReadType(uint8_t type, uint32_t stream = 0);
  // The error code of its GOAWAY; nullopt if the connection ends without.
  std::optional<uint32_t> ReadGoAway();
  // Waits until the server has closed it.
  bool ReadEnd();

  static std::string MakeFrame(uint8_t type, uint8_t flags, uint32_t stream,
                               std::string_view payload);
  // In HPACK without compression.
  static std::string Encode(const Fields& fields);
  // The headers of a gRPC call.
  static std::string Call(const std::string& method, const Fields& more = {});
  // A message with its prefix.
  static std::string Message(std::string_view bytes, char flags = 0);

 private:
  bool Connect(int port, bool v6);
  bool Fill(size_t bytes);

  int socket_;
  std::string input_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP2_RAW_CLIENT_H_
