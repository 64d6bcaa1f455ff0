// The midstate of a digest is reachable only through libcrypto's low-level
// interface, which version 3 marks as deprecated but keeps.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hmac_key.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstring>

namespace gatehouse::base {
namespace {

constexpr uint8_t kInnerPad = 0x36;
constexpr uint8_t kOuterPad = 0x5c;
using Block = std::array<uint8_t, SHA256_CBLOCK>;

void Update(SHA256_CTX& context, std::string_view data) {
  SHA256_Update(&context, data.data(), data.size());
}

Digest Finish(SHA256_CTX& context) {
  Digest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

std::array<uint32_t, 8> StateAfter(const Block& key, uint8_t pad) {
  Block block = key;
  for (uint8_t& byte : block) byte ^= pad;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Transform(&context, block.data());
  std::array<uint32_t, 8> state;
  std::copy(std::begin(context.h), std::end(context.h), state.begin());
  return state;
}

// A context that has already taken one block and ended in `state`.
SHA256_CTX ResumeAt(const std::array<uint32_t, 8>& state) {
  SHA256_CTX context;
  SHA256_Init(&context);
  std::copy(state.begin(), state.end(), std::begin(context.h));
  context.Nl = 8 * SHA256_CBLOCK;
  return context;
}

const HmacKey& ZeroKey() {
  static const HmacKey key(std::string_view{});
  return key;
}

}  // namespace

Digest Sha256Of(std::initializer_list<std::string_view> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (const std::string_view part : parts) Update(context, part);
  return Finish(context);
}

HmacKey::HmacKey(std::string_view key) {
  Block block = {};
  if (key.size() <= block.size()) {
    std::copy(key.begin(), key.end(), block.begin());
  } else {
    const Digest digest = Sha256Of({key});
    std::copy(digest.begin(), digest.end(), block.begin());
  }
  inner_ = StateAfter(block, kInnerPad);
  outer_ = StateAfter(block, kOuterPad);
}

Digest HmacKey::Mac(std::initializer_list<std::string_view> parts) const {
  SHA256_CTX inner = ResumeAt(inner_);
  for (const std::string_view part : parts) Update(inner, part);
  const Digest digest = Finish(inner);
  SHA256_CTX outer = ResumeAt(outer_);
  Update(outer, AsBytes(digest));
  return Finish(outer);
}

// An empty salt is as many zeros as the digest is long, and HMAC pads a short
// key with zeros: the empty key is the same.
HkdfKey::HkdfKey(std::string_view secret) : pseudorandom_key_(AsBytes(ZeroKey().Mac({secret}))) {}

Digest HkdfKey::Derive(std::string_view info) const {
  return pseudorandom_key_.Mac({info, std::string_view("\x01", 1)});
}

}  // namespace gatehouse::base
