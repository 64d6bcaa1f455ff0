#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP2_HEADER_DECODER_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP2_HEADER_DECODER_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_hd_inflater;

namespace gatehouse::tests {

// HPACK of what a server sends on one connection: by nghttp2, which shares no code with RawClient.
class HeaderDecoder {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  HeaderDecoder();
  ~HeaderDecoder();
  HeaderDecoder(const HeaderDecoder&) = delete;
  HeaderDecoder& operator=(const HeaderDecoder&) = delete;

  // The fields of a header block. Takes all of a connection in their order, since each may change
  // the table that the next one refers to. Fails the test if it is malformed.
  Fields Decode(std::string_view block);

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP2_HEADER_DECODER_H_
