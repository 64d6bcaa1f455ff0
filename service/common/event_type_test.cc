#include "service/common/event_type.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using Patterns = std::vector<std::string>;

bool IsOwn(std::string_view type) {
  FieldChecks checks;
  CheckOwnEventType(checks, "type", type);
  return checks.ToStatus().ok();
}

const Patterns kOwn = {"document.shared",
                       "a_1.b2",
                       "users.created",
                       "x." + std::string(126, 'a'),
                       "deploy",
                       "A.b",
                       "invoice.paid-late",
                       "INVOICE_PAID",
                       "1a",
                       "a.2fa",
                       "document"};

// Else an event could be written that no endpoint can subscribe to and no tail select.
TEST(EventTypeTest, WhatMayBeRecordedMayBeSubscribedTo) {
  for (const std::string& type : kOwn) {
    EXPECT_TRUE(IsOwn(type)) << type;
    EXPECT_TRUE(IsEventTypePattern(type)) << type;
    EXPECT_TRUE(IsEventTypePattern(type + ".*")) << type;
    EXPECT_TRUE(MayMatch(type)) << type;
    EXPECT_TRUE(MayMatch(type + ".*")) << type;
    EXPECT_TRUE(MatchesAny(Patterns{type}, type));
  }
}

TEST(EventTypeTest, RefusesWhatIsMalformed) {
  for (const std::string& type :
       {std::string(), std::string("."), std::string("a."), std::string(".a"), std::string("a..b"),
        std::string("a b"), std::string("_a"), std::string("-a"), std::string("a.-b"),
        std::string("\u00e4.b"), std::string("a.*.b"), std::string("a*"), std::string("a.**"),
        "x." + std::string(127, 'a')}) {
    EXPECT_FALSE(IsOwn(type)) << type;
    EXPECT_FALSE(IsEventTypePattern(type)) << type;
    EXPECT_FALSE(IsEventTypePattern(type + ".*")) << type;
  }
  EXPECT_FALSE(IsEventType("a.*"));
}

TEST(EventTypeTest, ReservedTypesAreTheServersAlone) {
  for (const char* type : {"user.created", "session.x.y", "gatehouse.call_denied", "User.created",
                           "SESSION.x", "user"}) {
    EXPECT_FALSE(IsOwn(type)) << type;
    EXPECT_TRUE(IsReservedEventType(type)) << type;
  }
}

TEST(EventTypeTest, NobodyMakesOthersOfTheServersOwnThanThereAre) {
  for (const char* slip :
       {"User.created", "user", "user.craeted", "user.created.twice", "event.x"}) {
    EXPECT_TRUE(IsEventTypePattern(slip)) << slip;
    EXPECT_FALSE(MayExist(slip)) << slip;
    EXPECT_FALSE(MayMatch(slip)) << slip;
  }
  for (const char* slip : {"USER.*", "user.cre.*", "user.created.*"}) {
    EXPECT_TRUE(IsEventTypePattern(slip)) << slip;
    EXPECT_FALSE(MayMatch(slip)) << slip;
  }
  for (const char* type : {"users", "user.created", "webhook.subscription_deleted",
                           "alert.acknowledged", "event_type.created", "users.craeted"}) {
    EXPECT_TRUE(MayExist(type)) << type;
    EXPECT_TRUE(MayMatch(type)) << type;
  }
  for (const std::string_view prefix : storage::event_types::kReservedPrefixes) {
    EXPECT_TRUE(MayMatch(std::string(prefix) + "*")) << prefix;
  }
}

TEST(EventTypeTest, ABeginningMayBeThatOfMoreThanOneWord) {
  for (const char* prefix :
       {"user.", "user.cre", "user.created", "us", "user", "User", "Users.x", "order.", "order"}) {
    EXPECT_TRUE(MayBeginType(prefix)) << prefix;
  }
  for (const char* prefix :
       {"User.", "user.cra", "user.created.", "webhook.z", "alert.a.", "USER.c"}) {
    EXPECT_FALSE(MayBeginType(prefix)) << prefix;
  }
}

TEST(EventTypeTest, MatchesByWholeTypeOrPrefix) {
  const Patterns patterns = {"session.created", "user.*"};
  EXPECT_TRUE(MatchesAny(patterns, "session.created"));
  EXPECT_FALSE(MatchesAny(patterns, "session.created.twice"));
  EXPECT_FALSE(MatchesAny(patterns, "session.revoked"));
  EXPECT_TRUE(MatchesAny(patterns, "user.created"));
  EXPECT_TRUE(MatchesAny(patterns, "user.a.b"));
  EXPECT_FALSE(MatchesAny(patterns, "user"));
  EXPECT_FALSE(MatchesAny(patterns, "users.created"));
  EXPECT_TRUE(MatchesAny(Patterns{"*"}, "anything.at_all"));
}

TEST(EventTypeTest, KnowsWhichPatternsCoverTheServersEvents) {
  for (const char* pattern : {"*", "user.*", "user.created", "api_key.*", "gatehouse.*"}) {
    EXPECT_TRUE(CoversReservedTypes(Patterns{"order.*", pattern})) << pattern;
  }
  EXPECT_FALSE(CoversReservedTypes(Patterns{"order.*", "users.*", "orders.user"}));
}

}  // namespace
}  // namespace gatehouse::service
