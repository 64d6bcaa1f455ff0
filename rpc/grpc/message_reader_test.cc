#include "rpc/grpc/message_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "base/status.h"
#include "rpc/grpc/gzip.h"
#include "rpc/grpc/memory_budget.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using tests::RawClient;

constexpr size_t kLimit = 100'000;

std::string Zipped(std::string_view plain) {
  std::array<char, 20'000> room;
  const auto size = Gzip(plain, room);
  return size ? std::string(room.data(), *size) : "";
}

// The same, which says of itself that it becomes `bytes`.
std::string Saying(std::string zipped, size_t bytes) {
  for (size_t i = 0; i < 4; ++i) {
    zipped[zipped.size() - 4 + i] = static_cast<char>(bytes >> (8 * i));
  }
  return zipped;
}

class MessageReaderTest : public ::testing::Test {
 protected:
  MessageReaderTest() { reader_.SetUp(kLimit, MessageReader::Encoding::kGzip); }

  ByteBudget total_{1'000'000};
  ConnectionBudget budget_{total_, 1'000'000};
  MessageReader reader_{budget_};
};

TEST_F(MessageReaderTest, InflatesWhenItIsRead) {
  const std::string plain(50'000, 'x');
  const std::string zipped = Zipped(plain);
  EXPECT_EQ(reader_.Feed(RawClient::Message(zipped, 1)), 5 + zipped.size());
  ASSERT_TRUE(reader_.ready());
  EXPECT_EQ(reader_.message(), zipped);
  EXPECT_EQ(total_.used(), 0u);
  // For those who have to know before.
  EXPECT_EQ(reader_.size(), plain.size());
  reader_.Inflate();
  ASSERT_TRUE(reader_.status().ok()) << reader_.status();
  EXPECT_EQ(reader_.message(), plain);
  EXPECT_EQ(reader_.size(), plain.size());
  EXPECT_EQ(total_.used(), plain.size());
  // Once is enough, also where the message looks compressed again.
  reader_.Inflate();
  EXPECT_EQ(reader_.message(), plain);
  reader_.Next();
  EXPECT_EQ(total_.used(), 0u);
}

TEST_F(MessageReaderTest, WhatIsNotCompressedStaysAsItIs) {
  reader_.Feed(RawClient::Message(Zipped("plain")));
  reader_.Inflate();
  EXPECT_EQ(reader_.message(), Zipped("plain"));
}

TEST_F(MessageReaderTest, InflatesNoMoreThanIsSaid) {
  const std::string zipped = Zipped(std::string(50'000, 'x'));
  reader_.Feed(RawClient::Message(Saying(zipped, 10), 1));
  EXPECT_EQ(reader_.size(), 10u);
  reader_.Inflate();
  EXPECT_TRUE(base::HasReason(reader_.status(), base::Reason::kProtocolViolation));
  EXPECT_EQ(reader_.size(), 0u);
}

TEST_F(MessageReaderTest, InflatesNothingThatSaysItIsTooLarge) {
  reader_.Feed(RawClient::Message(Zipped(std::string(kLimit + 1, 'x')), 1));
  EXPECT_EQ(reader_.size(), kLimit);
  reader_.Inflate();
  EXPECT_TRUE(base::HasReason(reader_.status(), base::Reason::kMessageTooLarge));
}

TEST_F(MessageReaderTest, WhatIsNoGzipIsRefusedWhenItIsRead) {
  for (const std::string& bad : {std::string(), std::string("short"), std::string(50, 'x'),
                                 Zipped("cut off").substr(0, 20)}) {
    MessageReader reader(budget_);
    reader.SetUp(kLimit, MessageReader::Encoding::kGzip);
    reader.Feed(RawClient::Message(bad, 1));
    ASSERT_TRUE(reader.ready());
    EXPECT_TRUE(reader.status().ok());
    reader.Inflate();
    EXPECT_FALSE(reader.status().ok()) << bad;
  }
}

TEST_F(MessageReaderTest, NothingIsInflatedForWhichThereIsNoRoom) {
  budget_.Take(980'000);
  reader_.Feed(RawClient::Message(Zipped(std::string(50'000, 'x')), 1));
  reader_.Inflate();
  EXPECT_TRUE(base::HasReason(reader_.status(), base::Reason::kServerOverloaded));
  EXPECT_EQ(total_.used(), 980'000u);
  budget_.Return(980'000);
}

TEST_F(MessageReaderTest, AnnouncedBytesTakeNoMemoryBeforeTheyCome) {
  const std::string message = RawClient::Message(std::string(kLimit, 'x'));
  reader_.Feed(message.substr(0, 5));
  EXPECT_LT(reader_.held_bytes(), 100u);
  size_t fed = 5;
  for (; fed + 1'000 < message.size(); fed += 1'000) {
    reader_.Feed(message.substr(fed, 1'000));
    EXPECT_LE(reader_.held_bytes(), 2 * (fed + 1'000));
  }
  reader_.Feed(message.substr(fed));
  ASSERT_TRUE(reader_.ready());
  EXPECT_EQ(reader_.message(), std::string(kLimit, 'x'));
}

}  // namespace
}  // namespace gatehouse::rpc
