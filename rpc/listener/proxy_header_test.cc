#include "rpc/listener/proxy_header.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::rpc {
namespace {

using Result = ProxyHeaderReader::Result;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n";

std::string Header(uint8_t command, uint8_t family, const std::string& rest) {
  std::string header = kSignature;
  header.push_back(static_cast<char>(command));
  header.push_back(static_cast<char>(family));
  header.push_back(static_cast<char>(rest.size() >> 8));
  header.push_back(static_cast<char>(rest.size()));
  return header + rest;
}

const std::string kIpv4("\xC0\x00\x02\x01\x0A\x00\x00\x01\x30\x39\x01\xBB", 12);
const std::string kIpv6 = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') +
                          "\x07" +  // 2001:db8::7
                          std::string(15, '\0') + "\x01" + std::string("\x30\x39\x01\xBB", 4);
const std::string kTriple("\x01\x00\x02h2", 5);

struct Outcome {
  Result result;
  std::string client;
  std::string rest;
};

Outcome Read(const std::string& bytes) {
  ProxyHeaderReader reader;
  std::string_view left = bytes;
  const Result result = reader.Feed(left);
  return {result, reader.client() ? reader.client()->ToString() : "", std::string(left)};
}

TEST(ProxyHeaderTest, NamesTheClient) {
  const Outcome v4 = Read(Header(0x21, 0x11, kIpv4) + kPreface);
  EXPECT_EQ(v4.result, Result::kDone);
  EXPECT_EQ(v4.client, "192.0.2.1");
  EXPECT_EQ(v4.rest, kPreface);
  const Outcome v6 = Read(Header(0x21, 0x21, kIpv6) + kPreface);
  EXPECT_EQ(v6.result, Result::kDone);
  EXPECT_EQ(v6.client, "2001:db8::7");
  EXPECT_EQ(v6.rest, kPreface);
}

TEST(ProxyHeaderTest, AMappedAddressIsOneOfIpv4) {
  const std::string mapped =
      std::string(10, '\0') + "\xff\xff\xC0" + std::string("\x00\x02\x01", 3);
  EXPECT_EQ(Read(Header(0x21, 0x21, mapped + kIpv6.substr(16))).client, "192.0.2.1");
}

TEST(ProxyHeaderTest, TakesItInPieces) {
  const std::string all = Header(0x21, 0x11, kIpv4 + kTriple) + kPreface;
  ProxyHeaderReader reader;
  size_t taken = 0;
  Result result = Result::kIncomplete;
  for (const char& byte : all) {
    std::string_view one(&byte, 1);
    result = reader.Feed(one);
    if (result != Result::kIncomplete) break;
    EXPECT_TRUE(one.empty());
    ++taken;
  }
  EXPECT_EQ(result, Result::kDone);
  EXPECT_EQ(taken + 1, Header(0x21, 0x11, kIpv4 + kTriple).size());
  EXPECT_EQ(reader.client()->ToString(), "192.0.2.1");
}

TEST(ProxyHeaderTest, MayBeMissing) {
  for (const std::string& other : {std::string(kPreface), std::string("\x16\x03\x01", 3)}) {
    const Outcome outcome = Read(other);
    EXPECT_EQ(outcome.result, Result::kDone);
    EXPECT_EQ(outcome.client, "");
    EXPECT_EQ(outcome.rest, other);
  }
}

TEST(ProxyHeaderTest, LocalAndUnspecifiedConnectionsAreTheProxysOwn) {
  for (const std::string& header :
       {Header(0x20, 0x00, ""), Header(0x20, 0x11, kIpv4), Header(0x20, 0xff, "anything"),
        Header(0x21, 0x00, "anything")}) {
    const Outcome outcome = Read(header + kPreface);
    EXPECT_EQ(outcome.result, Result::kDone);
    EXPECT_EQ(outcome.client, "");
    EXPECT_EQ(outcome.rest, kPreface);
  }
}

TEST(ProxyHeaderTest, SkipsWhatElseTheProxySays) {
  const Outcome outcome =
      Read(Header(0x21, 0x11, kIpv4 + kTriple + std::string("\x04\x00\x00", 3)) + kPreface);
  EXPECT_EQ(outcome.result, Result::kDone);
  EXPECT_EQ(outcome.client, "192.0.2.1");
  EXPECT_EQ(outcome.rest, kPreface);
}

TEST(ProxyHeaderTest, RefusesWhatIsMalformed) {
  const std::string other_signature = "\r\n\r\nGET / HTTP/1.1\r\n\r\n";
  for (const std::string& bad : {
           other_signature, Header(0x11, 0x11, kIpv4),                         // Version 1.
           Header(0x22, 0x11, kIpv4),                                          // No such command.
           Header(0x21, 0x12, kIpv4),                                          // UDP.
           Header(0x21, 0x31, std::string(216, '/')),                          // A Unix socket.
           Header(0x21, 0x11, kIpv4.substr(0, 11)),                            // Too short.
           Header(0x21, 0x21, kIpv4),                                          // Of IPv6 as well.
           Header(0x21, 0x11, kIpv4 + "\x01"),                                 // Half a triple.
           Header(0x21, 0x11, kIpv4 + std::string("\x01\x00\x03h2", 5)),       // Too long a value.
           Header(0x21, 0x11, kIpv4 + std::string(5000, '\0')).substr(0, 16),  // Over the bound.
       }) {
    EXPECT_EQ(Read(bad).result, Result::kMalformed) << testing::PrintToString(bad);
  }
}

TEST(ProxyHeaderTest, AsksForMoreWhileItMayBeOne) {
  const std::string header = Header(0x21, 0x11, kIpv4);
  for (size_t size = 1; size < header.size(); ++size) {
    EXPECT_EQ(Read(header.substr(0, size)).result, Result::kIncomplete) << size;
  }
}

}  // namespace
}  // namespace gatehouse::rpc
