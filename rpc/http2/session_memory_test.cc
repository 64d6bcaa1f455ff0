#include "rpc/http2/session_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <string>
#include <string_view>

namespace gatehouse::rpc::http2 {
namespace {

class SessionMemoryTest : public ::testing::Test {
 protected:
  SessionMemoryTest() {
    nghttp2_session_callbacks_new(&callbacks_);
    nghttp2_option_new(&option_);
    nghttp2_option_set_no_closed_streams(option_, 1);
  }
  ~SessionMemoryTest() override {
    nghttp2_session_callbacks_del(callbacks_);
    nghttp2_option_del(option_);
  }

  SessionMemory::Made Make() { return memory_.NewSession(callbacks_, nullptr, option_); }

  static void Receive(nghttp2_session* session, std::string_view bytes) {
    const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
    ASSERT_EQ(nghttp2_session_mem_recv(session, data, bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
  static void Greet(nghttp2_session* session) {
    Receive(session, NGHTTP2_CLIENT_MAGIC + std::string("\0\0\0\x4\0\0\0\0\0", 9));
  }
  // GET / of "a".
  static void Request(nghttp2_session* session, char stream) {
    Receive(session, std::string("\0\0\x6\x1\x5\0\0\0", 8) + stream + "\x82\x86\x84\x41\x01" + "a");
  }
  static void TakeBack(nghttp2_session* session, char stream) {
    Receive(session, std::string("\0\0\x4\x3\0\0\0\0", 8) + stream + std::string("\0\0\0\x8", 4));
  }

  static bool IsResident(void* page) {
    unsigned char resident = 0;
    EXPECT_EQ(::mincore(page, 1, &resident), 0);
    return (resident & 1) != 0;
  }

  SessionMemory memory_;
  nghttp2_session_callbacks* callbacks_ = nullptr;
  nghttp2_option* option_ = nullptr;
};

TEST_F(SessionMemoryTest, SessionsMakeTheirFramesInTheSamePlace) {
  nghttp2_session* const sessions[] = {Make().session, Make().session};
  const uint8_t* places[2] = {};
  for (const int i : {0, 1}) {
    const nghttp2_settings_entry setting{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                         static_cast<uint32_t>(i + 1)};
    nghttp2_submit_settings(sessions[i], NGHTTP2_FLAG_NONE, &setting, 1);
    const ssize_t length = nghttp2_session_mem_send(sessions[i], &places[i]);
    ASSERT_EQ(length, 15);
    EXPECT_EQ(places[i][14], i + 1);
  }
  EXPECT_EQ(places[0], places[1]);
  // Either goes without what the other needs.
  nghttp2_session_del(sessions[0]);
  EXPECT_EQ(nghttp2_session_mem_send(sessions[1], &places[1]), 0);
  nghttp2_submit_ping(sessions[1], NGHTTP2_FLAG_NONE, nullptr);
  EXPECT_EQ(nghttp2_session_mem_send(sessions[1], &places[1]), 17);
  nghttp2_session_del(sessions[1]);
}

TEST_F(SessionMemoryTest, ASessionWithoutRequestsGivesItsPageBack) {
  const SessionMemory::Made made = Make();
  ASSERT_NE(made.page, nullptr);
  Greet(made.session);
  Request(made.session, 1);
  EXPECT_TRUE(IsResident(made.page));
  // As long as there is something in it, it stays.
  SessionMemory::Rest(made.page);
  EXPECT_NE(nghttp2_session_find_stream(made.session, 1), nullptr);
  TakeBack(made.session, 1);
  EXPECT_EQ(nghttp2_session_find_stream(made.session, 1), nullptr);
  SessionMemory::Rest(made.page);
  EXPECT_FALSE(IsResident(made.page));
  Request(made.session, 3);
  EXPECT_NE(nghttp2_session_find_stream(made.session, 3), nullptr);
  nghttp2_session_del(made.session);
}

TEST_F(SessionMemoryTest, ThePageOfASessionThatIsGoneIsANewOnes) {
  const SessionMemory::Made gone = Make();
  Greet(gone.session);
  Request(gone.session, 1);
  nghttp2_session_del(gone.session);
  EXPECT_FALSE(IsResident(gone.page));
  const SessionMemory::Made next = Make();
  EXPECT_EQ(next.page, gone.page);
  EXPECT_EQ(nghttp2_session_find_stream(next.session, 1), nullptr);
  nghttp2_session_del(next.session);
}

TEST_F(SessionMemoryTest, ATableThatGrowsMoves) {
  const SessionMemory::Made made = Make();
  Greet(made.session);
  // More than three quarters of 256.
  for (int stream = 1; stream < 500; stream += 2) {
    std::string frame("\0\0\x6\x1\x5\0\0", 7);
    frame += {static_cast<char>(stream >> 8), static_cast<char>(stream)};
    Receive(made.session, frame + "\x82\x86\x84\x41\x01" + "a");
  }
  EXPECT_FALSE(IsResident(made.page));
  EXPECT_NE(nghttp2_session_find_stream(made.session, 499), nullptr);
  nghttp2_session_del(made.session);
}

}  // namespace
}  // namespace gatehouse::rpc::http2
