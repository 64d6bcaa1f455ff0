#include "rpc/interceptors/in_flight.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/status.h"

namespace gatehouse::rpc {
namespace {

const MethodInfo kLogin{.name = "/s.S/Login", .access = {.is_public = true}};
const MethodInfo kGet{.name = "/s.S/Get"};
const MethodInfo kVerify{.name = "/s.S/Verify", .served_first = true};
const MethodInfo kTail{.name = "/s.S/Tail", .kind = MethodKind::kServerStreaming};

// How many calls of a method still find a place.
int Fill(InFlight& in_flight, const MethodInfo& method) {
  int taken = 0;
  while (in_flight.Take(method).ok()) ++taken;
  return taken;
}

TEST(InFlightTest, KeepsPlacesForKnownCallersAndAmongThemForVerification) {
  InFlight in_flight({.unary = 100, .streams = 100, .known_percent = 25});
  EXPECT_EQ(Fill(in_flight, kLogin), 75);
  EXPECT_EQ(Fill(in_flight, kGet), 20);
  EXPECT_EQ(Fill(in_flight, kVerify), 5);
  in_flight.Return(kVerify);
  EXPECT_EQ(Fill(in_flight, kLogin), 0);
  EXPECT_EQ(Fill(in_flight, kGet), 0);
  EXPECT_EQ(Fill(in_flight, kVerify), 1);
}

TEST(InFlightTest, KnownCallersMayHaveThePlacesOfAll) {
  InFlight in_flight({.unary = 100, .streams = 100, .known_percent = 25});
  EXPECT_EQ(Fill(in_flight, kGet), 95);
  EXPECT_EQ(Fill(in_flight, kVerify), 5);
}

TEST(InFlightTest, CountsUnaryCallsAndStreamsApart) {
  InFlight in_flight({.unary = 10, .streams = 20, .known_percent = 0});
  EXPECT_EQ(Fill(in_flight, kLogin), 10);
  EXPECT_EQ(Fill(in_flight, kVerify), 0);
  EXPECT_EQ(Fill(in_flight, kTail), 20);
}

// Else a limit of one would be none's.
TEST(InFlightTest, AFewPlacesAreEverybodys) {
  InFlight in_flight({.unary = 3, .streams = 1, .known_percent = 25});
  EXPECT_EQ(Fill(in_flight, kLogin), 3);
}

TEST(InFlightTest, SaysWhichLimitWasMet) {
  InFlight in_flight({.unary = 4, .streams = 0, .known_percent = 25});
  Fill(in_flight, kLogin);
  const absl::Status stranger = in_flight.Take(kLogin);
  EXPECT_TRUE(base::HasReason(stranger, base::Reason::kServerOverloaded));
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(stranger);
  EXPECT_EQ(details->quota, "calls in flight of strangers");
  EXPECT_EQ(details->metadata.at(0).second, "3");
  EXPECT_TRUE(details->retry_after.has_value());
  Fill(in_flight, kGet);
  EXPECT_EQ(base::GetErrorDetails(in_flight.Take(kGet))->quota, "calls in flight");
  EXPECT_EQ(base::GetErrorDetails(in_flight.Take(kTail))->quota, "streams in flight");
}

TEST(InFlightTest, WhoseCredentialsAreToBeLookedUpIsAStrangerUntilThen) {
  InFlight in_flight({.unary = 100, .streams = 100, .known_percent = 25});
  for (int i = 0; i < 75; ++i) ASSERT_TRUE(in_flight.Take(kVerify).ok());
  EXPECT_TRUE(in_flight.CheckStranger(kVerify).ok());
  ASSERT_TRUE(in_flight.Take(kVerify).ok());
  EXPECT_TRUE(base::HasReason(in_flight.CheckStranger(kVerify), base::Reason::kServerOverloaded));
  EXPECT_TRUE(in_flight.CheckStranger(kTail).ok());
  in_flight.Return(kVerify);
  EXPECT_TRUE(in_flight.CheckStranger(kVerify).ok());
}

}  // namespace
}  // namespace gatehouse::rpc
