#include "storage/event_leaf.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

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

constexpr std::string_view kDetailsField = "details/";

// HMAC(key, field || 0x00 || value): the field's name is bound to its value.
base::Digest CommitmentOf(const base::Digest& key, std::string_view field, std::string_view value) {
  return base::HmacKey(base::AsBytes(key)).Mac({field, kSeparator, value});
}

// What is kept of a secret after an erasure: the keys of the fields that are there, and the
// commitments to those that are not. Version, then for each its name's length in two bytes, its
// name, what it is, 32 bytes.
class Remainder {
 public:
  enum Kind : char { kKey = 0, kErased = 1 };

  // Of what Add and ToString wrote; anything else has no fields, so that no leaf comes out of it.
  explicit Remainder(std::string_view text = {}) {
    if (text.empty() || text[0] != kVersion) return;
    text.remove_prefix(1);
    while (text.size() > kNameLengthBytes) {
      const size_t name =
          static_cast<size_t>(static_cast<uint8_t>(text[0])) << 8 | static_cast<uint8_t>(text[1]);
      const size_t size = kNameLengthBytes + name + 1 + kLeafSecretLength;
      if (text.size() < size) return;
      const std::string field(text.substr(kNameLengthBytes, name));
      const std::string bytes(text.substr(size - kLeafSecretLength, kLeafSecretLength));
      const char kind = text[kNameLengthBytes + name];
      if (kind != kKey && kind != kErased) return;
      (kind == kErased ? erased_ : keys_).emplace(field, bytes);
      text.remove_prefix(size);
    }
  }

  void Add(std::string_view field, Kind kind, std::string_view bytes) {
    (kind == kErased ? erased_ : keys_).emplace(field, bytes);
  }

  std::string ToString() const {
    std::string text(1, kVersion);
    for (const auto& [field, key] : keys_) Append(field, kKey, key, text);
    for (const auto& [field, commitment] : erased_) Append(field, kErased, commitment, text);
    return text;
  }

  using Fields = std::map<std::string, std::string, std::less<>>;
  const Fields& keys() const { return keys_; }
  const Fields& erased() const { return erased_; }

 private:
  static constexpr char kVersion = 1;
  static constexpr size_t kNameLengthBytes = 2;

  static void Append(std::string_view field, Kind kind, std::string_view bytes, std::string& text) {
    text.push_back(static_cast<char>(field.size() >> 8));
    text.push_back(static_cast<char>(field.size()));
    text += field;
    text.push_back(kind);
    text += bytes;
  }

  Fields keys_;
  Fields erased_;
};

// Where the keys of an event's commitments come from: its secret, or what is left of that.
class LeafKeys {
 public:
  explicit LeafKeys(std::string_view secret) {
    if (secret.size() == kLeafSecretLength) {
      secret_.emplace(secret);
    } else {
      remainder_.emplace(secret);
    }
  }

  // HKDF(secret, field): each field can be erased or opened by itself.
  base::Digest KeyOf(std::string_view field) const {
    if (secret_) return secret_->Derive(field);
    base::Digest key = {};
    const auto found = remainder_->keys().find(field);
    if (found != remainder_->keys().end()) std::ranges::copy(found->second, key.begin());
    return key;
  }

  // nullptr unless the field was erased.
  const std::string* ErasedCommitment(std::string_view field) const {
    if (!remainder_) return nullptr;
    const auto erased = remainder_->erased().find(field);
    return erased == remainder_->erased().end() ? nullptr : &erased->second;
  }

  // Members of the details that were erased, by name and commitment.
  std::map<std::string, std::string> ErasedDetails() const {
    std::map<std::string, std::string> names;
    if (!remainder_) return names;
    for (const auto& [field, commitment] : remainder_->erased()) {
      if (field.starts_with(kDetailsField)) {
        names.emplace(field.substr(kDetailsField.size()), commitment);
      }
    }
    return names;
  }

  bool whole() const { return secret_.has_value(); }

 private:
  std::optional<base::HkdfKey> secret_;
  std::optional<Remainder> remainder_;
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

  const LeafKeys& keys() const { return keys_; }

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

  void Commit(Tag tag, std::string_view field, std::string_view value) {
    if (const std::string* erased = keys_.ErasedCommitment(field)) return Put(tag, *erased);
    Put(tag, base::AsBytes(CommitmentOf(keys_.KeyOf(field), field, value)));
  }

  std::string Take() { return std::move(leaf_); }

 private:
  void PutBigEndian(uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      leaf_.push_back(static_cast<char>(value >> shift));
    }
  }

  LeafKeys keys_;
  std::string leaf_;
};

// Takes the fields of an event and keeps what is to be kept of its secret.
class RemainderWriter {
 public:
  RemainderWriter(std::string_view secret, const std::function<bool(std::string_view)>& goes)
      : keys_(secret), goes_(goes) {}

  const LeafKeys& keys() const { return keys_; }

  void Commit(Tag, std::string_view field, std::string_view value) {
    if (const std::string* erased = keys_.ErasedCommitment(field)) {
      remainder_.Add(field, Remainder::kErased, *erased);
      return;
    }
    const base::Digest key = keys_.KeyOf(field);
    if (goes_(field)) {
      remainder_.Add(field, Remainder::kErased, base::AsBytes(CommitmentOf(key, field, value)));
    } else {
      remainder_.Add(field, Remainder::kKey, base::AsBytes(key));
    }
  }

  std::string ToString() const { return remainder_.ToString(); }

 private:
  const LeafKeys keys_;
  const std::function<bool(std::string_view)>& goes_;
  Remainder remainder_;
};

std::string CanonicalTarget(const EventTarget& target) {
  return "{\"id\":" + base::JsonString(target.id) + ",\"label\":" + base::JsonString(target.label) +
         ",\"type\":" + base::JsonString(target.type) + "}";
}

template <typename Writer>
void CommitDetails(const std::string& json, Writer& writer) {
  std::optional<CanonicalMembers> members = CanonicalObject(json);
  if (!members) {
    writer.Commit(kDetail, kDetailsField, json);
    return;
  }
  // In the order that they had, together with those that are there.
  if (!writer.keys().whole()) members->merge(writer.keys().ErasedDetails());
  for (const auto& [name, value] : *members) {
    writer.Commit(kDetail, std::string(kDetailsField) + name, value);
  }
}

// Hands everything that is committed to to the writer, in the order of the leaf.
template <typename Writer>
void CommitFields(const Event& event, Writer& writer) {
  const auto commit_if_set = [&writer](Tag tag, std::string_view field, std::string_view value) {
    // What was erased is empty and was not.
    if (!value.empty() || writer.keys().ErasedCommitment(field) != nullptr) {
      writer.Commit(tag, field, value);
    }
  };
  commit_if_set(kActorType, "actor_type", event.actor.type);
  commit_if_set(kActorId, "actor_id", event.actor.id);
  commit_if_set(kActorLabel, "actor_label", event.actor.label);
  commit_if_set(kIpAddress, "ip_address", event.ip_address);
  commit_if_set(kUserAgent, "user_agent", event.user_agent);
  commit_if_set(kSessionId, "session_id", event.session_id);
  commit_if_set(kRequestId, "request_id", event.request_id);
  commit_if_set(kTraceId, "trace_id", event.trace_id);
  for (size_t i = 0; i < event.targets.size(); ++i) {
    writer.Commit(kTarget, "target/" + std::to_string(i), CanonicalTarget(event.targets[i]));
  }
  CommitDetails(event.details_json, writer);
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
  CommitFields(event, writer);
  return writer.Take();
}

std::string LeafHash(const Event& event, std::string_view secret) {
  const base::Digest hash = base::Sha256Of({kLeafPrefix, CanonicalLeaf(event, secret)});
  return std::string(base::AsBytes(hash));
}

std::string EraseFromSecret(const Event& event, std::string_view secret,
                            const std::function<bool(std::string_view)>& goes) {
  RemainderWriter writer(secret, goes);
  CommitFields(event, writer);
  return writer.ToString();
}

EventLeaf MakeLeaf(const Event& event) {
  EventLeaf leaf;
  leaf.secret = base::RandomBytes(kLeafSecretLength);
  leaf.hash = LeafHash(event, leaf.secret);
  return leaf;
}

}  // namespace gatehouse::storage
