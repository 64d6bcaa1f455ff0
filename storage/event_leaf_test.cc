#include "storage/event_leaf.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/text/encoding.h"
#include "gtest/gtest.h"

namespace gatehouse::storage {
namespace {

std::string Secret() {
  std::string secret;
  for (char byte = 0; byte < 32; ++byte) secret.push_back(byte);
  return secret;
}

Event FullEvent() {
  return Event{
      .tenant_id = base::kDefaultTenantId,
      .id = *base::Uuid::Parse("0190f5fe-7c00-7000-8000-00000000002a"),
      .type = "session.created",
      .actor = {"user", "0190f5fe-0000-7000-8000-000000000007", "ada"},
      .targets = {{"session", "s-1", ""}, {"user", "u\"1", "Ad\xc3\xa9\n"}},
      .ip_address = "203.0.113.9",
      .user_agent = "curl/8",
      .request_id = "r-1",
      .trace_id = "0af7651916cd43dd8448eb211c80319c",
      .session_id = "s-1",
      .details_json =
          R"({"thread_id": "t", "nested": {"b": [1.50, 100, true, null], "a": "\u00e9"}, "amr": ["pwd"]})",
      .occurred_time = base::TimeFromMicros(1721930677248123),
      .recorded_time = base::TimeFromMicros(1721930677248456),
  };
}

Event SmallEvent() {
  return Event{
      .tenant_id = base::kDefaultTenantId,
      .id = *base::Uuid::Parse("0190f5fe-7c00-7070-8000-000000000000"),
      .type = "a.b",
      .outcome = Outcome::kDenied,
      .occurred_time = base::TimeFromMicros(-1),
      .recorded_time = base::TimeFromMicros(0),
  };
}

// Computed by an independent program (Python's hashlib, hmac and decimal) from
// docs/event-leaf.md. A change here breaks every proof ever given.
TEST(EventLeafTest, GoldenVectors) {
  EXPECT_EQ(base::HexEncode(CanonicalLeaf(SmallEvent(), Secret())),
            "67617465686f7573652d61756469742f763100"
            "010000001000000000000070008000000000000001"
            "02000000100190f5fe7c0070708000000000000000"
            "0300000003612e62"
            "040000000103"
            "0500000008ffffffffffffffff"
            "06000000080000000000000000"
            "070000000400000001");
  EXPECT_EQ(base::HexEncode(LeafHash(SmallEvent(), Secret())),
            "158427b4da74784b35be51f06f31792eb5b760468a58964cc76d0edb09396d37");
  const std::string full = CanonicalLeaf(FullEvent(), Secret());
  EXPECT_EQ(full.size(), 603u);
  EXPECT_EQ(base::HexEncode(base::Sha256(full)),
            "c9c202b52114a91c6e4035ce6efeab706bedb161f0a445e4557a55bdb0234396");
  EXPECT_EQ(base::HexEncode(LeafHash(FullEvent(), Secret())),
            "ee0e59125dae56cc30209b7ba998c27f1a6cec1cad6cd8b3da3201f8a105e16c");
}

TEST(EventLeafTest, FormattingOfTheDetailsDoesNotMatter) {
  Event event = FullEvent();
  event.details_json =
      "{ \"amr\":[\"pwd\"],\n\"nested\":{\"a\":\"\xc3\xa9\",\"b\":[1.5,1e2,true,null]},"
      "\"thread_id\":\"t\"}";
  EXPECT_EQ(LeafHash(event, Secret()), LeafHash(FullEvent(), Secret()));
}

TEST(EventLeafTest, EveryFieldMatters) {
  const std::vector<void (*)(Event&)> changes = {
      [](Event& e) { e.tenant_id = e.id; },
      [](Event& e) { e.id = e.tenant_id; },
      [](Event& e) { e.type += "x"; },
      [](Event& e) { e.outcome = Outcome::kFailure; },
      [](Event& e) { e.occurred_time += base::Duration(1); },
      [](Event& e) { e.recorded_time += base::Duration(1); },
      [](Event& e) { e.actor.type = "api_key"; },
      [](Event& e) { e.actor.id.clear(); },
      [](Event& e) { e.actor.label += "x"; },
      [](Event& e) { e.ip_address += "9"; },
      [](Event& e) { e.user_agent.clear(); },
      [](Event& e) { e.session_id += "x"; },
      [](Event& e) { e.request_id += "x"; },
      [](Event& e) { e.trace_id += "x"; },
      [](Event& e) { std::swap(e.targets[0], e.targets[1]); },
      [](Event& e) { e.targets[0].label = "x"; },
      [](Event& e) { e.targets.pop_back(); },
      [](Event& e) { e.details_json = R"({"amr":["otp"]})"; },
      [](Event& e) { e.details_json = "{}"; },
      [](Event& e) { std::swap(e.ip_address, e.user_agent); },
  };
  const std::string hash = LeafHash(FullEvent(), Secret());
  for (size_t i = 0; i < changes.size(); ++i) {
    Event event = FullEvent();
    changes[i](event);
    EXPECT_NE(LeafHash(event, Secret()), hash) << "change " << i;
  }
  EXPECT_NE(LeafHash(FullEvent(), std::string(kLeafSecretLength, 'x')), hash);
}

TEST(EventLeafTest, NoPersonalValueIsInTheLeaf) {
  const std::string leaf = CanonicalLeaf(FullEvent(), Secret());
  for (const char* value : {"ada", "203.0.113.9", "curl", "thread_id", "s-1", "pwd", "0190f5fe-"}) {
    EXPECT_EQ(leaf.find(value), std::string::npos) << value;
  }
}

// The event with every field that `fields` names taken out.
Event Erased(Event event, const std::set<std::string>& fields) {
  const auto clear = [&](const std::string& name, std::string& value) {
    if (fields.contains(name)) value.clear();
  };
  clear("actor_type", event.actor.type);
  clear("actor_id", event.actor.id);
  clear("actor_label", event.actor.label);
  clear("ip_address", event.ip_address);
  clear("user_agent", event.user_agent);
  clear("session_id", event.session_id);
  for (size_t i = 0; i < event.targets.size(); ++i) {
    if (!fields.contains("target/" + std::to_string(i))) continue;
    event.targets[i].id.clear();
    event.targets[i].label.clear();
  }
  if (fields.contains("details/")) event.details_json = "{}";
  return event;
}

std::string EraseFrom(const Event& event, const std::string& secret,
                      const std::set<std::string>& fields) {
  return EraseFromSecret(event, secret, [&](std::string_view field) {
    return fields.contains(std::string(field)) ||
           (fields.contains("details/") && field.starts_with("details/"));
  });
}

TEST(EventLeafTest, TheHashHoldsWhateverIsErased) {
  const std::string hash = LeafHash(FullEvent(), Secret());
  const std::vector<std::set<std::string>> erasures = {
      {},
      {"actor_id"},
      {"actor_id", "actor_label", "ip_address", "user_agent", "session_id"},
      {"target/0"},
      {"target/1", "actor_label"},
      {"details/"},
      {"actor_type", "actor_id", "actor_label", "ip_address", "user_agent", "session_id",
       "target/0", "target/1", "details/"},
  };
  for (const std::set<std::string>& fields : erasures) {
    const std::string kept = EraseFrom(FullEvent(), Secret(), fields);
    EXPECT_NE(kept.size(), kLeafSecretLength);
    EXPECT_EQ(kept.find(Secret()), std::string::npos);
    EXPECT_EQ(LeafHash(Erased(FullEvent(), fields), kept), hash) << fields.size();
  }
}

TEST(EventLeafTest, AnErasureFollowsAnother) {
  const std::string hash = LeafHash(FullEvent(), Secret());
  const std::set<std::string> first = {"actor_id", "details/"};
  const std::set<std::string> second = {"target/1", "ip_address"};
  const std::string once = EraseFrom(FullEvent(), Secret(), first);
  const Event left = Erased(FullEvent(), first);
  const std::string twice = EraseFrom(left, once, second);
  EXPECT_EQ(LeafHash(Erased(left, second), twice), hash);
  EXPECT_EQ(EraseFrom(left, once, {}), once) << "what is erased stays as it is";
}

TEST(EventLeafTest, WhatStaysAfterAnErasureStillCannotBeChanged) {
  const std::set<std::string> fields = {"actor_id", "target/1"};
  const std::string kept = EraseFrom(FullEvent(), Secret(), fields);
  const std::string hash = LeafHash(FullEvent(), Secret());
  const std::vector<void (*)(Event&)> changes = {
      [](Event& e) { e.actor.label += "x"; },     [](Event& e) { e.ip_address.clear(); },
      [](Event& e) { e.targets[0].id += "x"; },   [](Event& e) { e.targets.pop_back(); },
      [](Event& e) { e.details_json = "{}"; },    [](Event& e) { e.type += "x"; },
      [](Event& e) { e.user_agent = "another"; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    Event event = Erased(FullEvent(), fields);
    changes[i](event);
    EXPECT_NE(LeafHash(event, kept), hash) << "change " << i;
  }
}

// The key of what was erased is gone: nobody tries values until one fits.
TEST(EventLeafTest, NothingKeptTellsWhatWasErased) {
  const std::string kept = EraseFrom(FullEvent(), Secret(), {"ip_address"});
  const std::string key = base::HkdfSha256(Secret(), "ip_address", kLeafSecretLength);
  EXPECT_EQ(kept.find(key), std::string::npos);
  EXPECT_EQ(kept.find(FullEvent().ip_address), std::string::npos);
  const std::string other = base::HkdfSha256(Secret(), "user_agent", kLeafSecretLength);
  EXPECT_NE(kept.find(other), std::string::npos) << "that of a field that stays";
}

TEST(EventLeafTest, DamagedRemaindersGiveNoLeafOfTheHash) {
  const std::string hash = LeafHash(FullEvent(), Secret());
  const Event left = Erased(FullEvent(), {"actor_id"});
  const std::string kept = EraseFrom(FullEvent(), Secret(), {"actor_id"});
  for (size_t size = 0; size < kept.size(); ++size) {
    EXPECT_NE(LeafHash(left, kept.substr(0, size)), hash) << size;
  }
  for (size_t i = 0; i < kept.size(); ++i) {
    std::string damaged = kept;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    EXPECT_NE(LeafHash(left, damaged), hash) << i;
  }
}

TEST(EventLeafTest, EveryLeafHasItsOwnSecret) {
  const EventLeaf first = MakeLeaf(SmallEvent());
  const EventLeaf second = MakeLeaf(FullEvent());
  const EventLeaf third = MakeLeaf(FullEvent());
  EXPECT_EQ(first.secret.size(), kLeafSecretLength);
  EXPECT_NE(second.secret, third.secret);
  EXPECT_NE(second.hash, third.hash);
  EXPECT_EQ(second.hash, LeafHash(FullEvent(), second.secret));
}

TEST(EventLeafTest, TheLargestLeafFitsATile) {
  Event event = FullEvent();
  event.type = std::string(100, 'a');
  event.targets.assign(kMaxEventTargets, event.targets[1]);
  std::string details = "{";
  for (size_t i = 0; i < kMaxDetailMembers; ++i) {
    details += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":\"" + std::string(200, 'v') + "\"";
  }
  event.details_json = details + "}";
  EXPECT_LT(CanonicalLeaf(event, Secret()).size(), 12'000u);
}

TEST(EventLeafTest, DetailsThatAreNoObjectStillYieldALeaf) {
  Event event = SmallEvent();
  event.details_json = "not json";
  EXPECT_NE(LeafHash(event, Secret()), LeafHash(SmallEvent(), Secret()));
}

}  // namespace
}  // namespace gatehouse::storage
