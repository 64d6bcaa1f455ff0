#include "storage/event_leaf.h"

#include <optional>

#include "base/hash.h"
#include "base/hmac_key.h"
#include "base/text/encoding.h"
#include "storage/canonical_json.h"

namespace gatehouse::storage {
namespace {

constexpr std::string_view kDomain("gatehouse-audit/v1\0", 19);
constexpr std::string_view kLeafPrefix("\0", 1);
constexpr std::string_view kSeparator("\0", 1);

// Records of the canonical form. Numbers are never reused.
enum Tag : uint8_t {
  kTenantId = 0x01,
  kEventId = 0x02,
  kType = 0x03,
  kOutcome = 0x04,
  kOccurredTime = 0x05,
  kRecordedTime = 0x06,
  kSchemaVersion = 0x07,
  kActorType = 0x10,
  kActorId = 0x11,
  kActorLabel = 0x12,
  kIpAddress = 0x13,
  kUserAgent = 0x14,
  kSessionId = 0x15,
  kRequestId = 0x16,
  kTraceId = 0x17,
  kTarget = 0x20,
  kDetail = 0x30,
};

// Writes records: tag, length in four bytes, value.
class LeafWriter {
 public:
  explicit LeafWriter(std::string_view secret) : keys_(secret) {
    // An ordinary event takes a little more than half of it.
    constexpr size_t kUsualSize = 1024;
    leaf_.reserve(kUsualSize);
    leaf_ += kDomain;
  }

  void Put(Tag tag, std::string_view value) {
    leaf_.push_back(static_cast<char>(tag));
    PutBigEndian(value.size(), 4);
    leaf_ += value;
  }

  void PutInteger(Tag tag, int64_t value, int bytes) {
    leaf_.push_back(static_cast<char>(tag));
    PutBigEndian(bytes, 4);
    PutBigEndian(static_cast<uint64_t>(value), bytes);
  }

  // HMAC(HKDF(secret, field), field || 0x00 || value): the field's name is
  // bound to its value, and each field can be erased or opened by itself.
  void Commit(Tag tag, std::string_view field, std::string_view value) {
    const base::HmacKey key(base::AsBytes(keys_.Derive(field)));
    Put(tag, base::AsBytes(key.Mac({field, kSeparator, value})));
  }

  void CommitIfSet(Tag tag, std::string_view field, std::string_view value) {
    if (!value.empty()) Commit(tag, field, value);
  }

  std::string Take() { return std::move(leaf_); }

 private:
  void PutBigEndian(uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      leaf_.push_back(static_cast<char>(value >> shift));
    }
  }

  base::HkdfKey keys_;
  std::string leaf_;
};

std::string CanonicalTarget(const EventTarget& target) {
  return "{\"id\":" + base::JsonString(target.id) + ",\"label\":" + base::JsonString(target.label) +
         ",\"type\":" + base::JsonString(target.type) + "}";
}

void CommitDetails(const std::string& json, LeafWriter& writer) {
  const std::optional<CanonicalMembers> members = CanonicalObject(json);
  if (!members) {
    writer.Commit(kDetail, "details/", json);
    return;
  }
  for (const auto& [name, value] : *members) writer.Commit(kDetail, "details/" + name, value);
}

}  // namespace

std::string CanonicalLeaf(const Event& event, std::string_view secret) {
  LeafWriter writer(secret);
  writer.Put(kTenantId, event.tenant_id.bytes());
  writer.Put(kEventId, event.id.bytes());
  writer.Put(kType, event.type);
  writer.PutInteger(kOutcome, static_cast<int16_t>(event.outcome), 1);
  writer.PutInteger(kOccurredTime, base::ToMicros(event.occurred_time), 8);
  writer.PutInteger(kRecordedTime, base::ToMicros(event.recorded_time), 8);
  writer.PutInteger(kSchemaVersion, kLeafSchemaVersion, 4);
  writer.CommitIfSet(kActorType, "actor_type", event.actor.type);
  writer.CommitIfSet(kActorId, "actor_id", event.actor.id);
  writer.CommitIfSet(kActorLabel, "actor_label", event.actor.label);
  writer.CommitIfSet(kIpAddress, "ip_address", event.ip_address);
  writer.CommitIfSet(kUserAgent, "user_agent", event.user_agent);
  writer.CommitIfSet(kSessionId, "session_id", event.session_id);
  writer.CommitIfSet(kRequestId, "request_id", event.request_id);
  writer.CommitIfSet(kTraceId, "trace_id", event.trace_id);
  for (size_t i = 0; i < event.targets.size(); ++i) {
    writer.Commit(kTarget, "target/" + std::to_string(i), CanonicalTarget(event.targets[i]));
  }
  CommitDetails(event.details_json, writer);
  return writer.Take();
}

std::string LeafHash(const Event& event, std::string_view secret) {
  const base::Digest hash = base::Sha256Of({kLeafPrefix, CanonicalLeaf(event, secret)});
  return std::string(base::AsBytes(hash));
}

EventLeaf MakeLeaf(const Event& event) {
  EventLeaf leaf;
  leaf.secret = base::RandomBytes(kLeafSecretLength);
  leaf.hash = LeafHash(event, leaf.secret);
  return leaf;
}

}  // namespace gatehouse::storage
