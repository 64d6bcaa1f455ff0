#include "auth/password/hash/password_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <utility>

#include "auth/password/hash/hash_text.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

// Of bytes: shorter digests can be found by chance, and nobody makes longer ones.
constexpr size_t kMinDigestBytes = 16;
constexpr size_t kMaxDigestBytes = 64;
constexpr size_t kMaxSaltBytes = 128;
// Of new dummies.
constexpr size_t kSaltBytes = 16;
constexpr size_t kDigestBytes = 32;
// Of bcrypt, and of SHA-crypt: characters.
constexpr size_t kBcryptSaltChars = 22;
constexpr size_t kBcryptDigestChars = 31;
constexpr size_t kMaxCryptSaltChars = 16;
constexpr size_t kSha256CryptDigestChars = 43;
constexpr size_t kSha512CryptDigestChars = 86;
constexpr uint32_t kUsualShaCryptRounds = 5'000;

// The alphabet of crypt(3).
constexpr std::string_view kCryptAlphabet =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// What was read, or what is wrong with it.
using Parsed = absl::StatusOr<PasswordHash>;

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(std::string(what)); }

bool IsCryptText(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return kCryptAlphabet.find(c) != std::string_view::npos; });
}

std::string RandomCryptText(size_t chars) {
  std::string text = base::RandomBytes(chars);
  for (char& c : text) c = kCryptAlphabet[static_cast<uint8_t>(c) % kCryptAlphabet.size()];
  return text;
}

// With padding or without, as the many programs write it.
std::optional<std::string> DecodeBytes(std::string_view text, size_t min_bytes, size_t max_bytes) {
  return DecodeField(text.substr(0, text.find_last_not_of('=') + 1), min_bytes, max_bytes);
}

Parsed ParseArgon2(HashKind kind, std::string_view rest) {
  std::optional<Argon2idHash> hash = ParseArgon2Fields(rest);
  if (!hash) {
    return Wrong(
        "is malformed, or beyond what Argon2 may cost: m=1048576 (KiB), t=10, p=16, and not less "
        "than 8 KiB for each lane");
  }
  HashCost cost = CostOf(hash->params);
  cost.kind = kind;
  return PasswordHash{
      .cost = cost, .salt = std::move(hash->salt), .digest = std::move(hash->digest)};
}

Parsed ParseArgon2id(std::string_view, std::string_view rest) {
  return ParseArgon2(HashKind::kArgon2id, rest);
}

Parsed ParseArgon2i(std::string_view, std::string_view rest) {
  return ParseArgon2(HashKind::kArgon2i, rest);
}

Parsed ParseBcrypt(std::string_view prefix, std::string_view rest) {
  constexpr size_t kRoundsChars = 3;
  if (rest.size() != kRoundsChars + kBcryptSaltChars + kBcryptDigestChars || rest[2] != '$' ||
      rest[0] < '0' || rest[0] > '9' || rest[1] < '0' || rest[1] > '9' ||
      !IsCryptText(rest.substr(kRoundsChars))) {
    return Wrong("is no bcrypt hash: two digits, a dollar and 53 characters follow the prefix");
  }
  const uint32_t rounds = static_cast<uint32_t>(rest[0] - '0') * 10 + (rest[1] - '0');
  if (rounds < 4 || rounds > kMaxBcryptRounds) return Wrong("has a bcrypt cost beyond 4 to 15");
  const size_t setting = kRoundsChars + kBcryptSaltChars;
  return PasswordHash{.cost = {.kind = HashKind::kBcrypt, .rounds = rounds},
                      .salt = std::string(prefix) + std::string(rest.substr(0, setting)),
                      .digest = std::string(rest.substr(setting))};
}

Parsed ParseShaCrypt(HashKind kind, std::string_view prefix, std::string_view rest) {
  const size_t digest_chars =
      kind == HashKind::kSha256Crypt ? kSha256CryptDigestChars : kSha512CryptDigestChars;
  const std::string_view whole = rest;
  uint32_t rounds = kUsualShaCryptRounds;
  if (rest.starts_with("rounds=")) {
    const std::optional<uint32_t> given = TakeNumber(rest, "rounds=", '$');
    if (!given || *given < kMinShaCryptRounds || *given > kMaxShaCryptRounds) {
      return Wrong("has rounds of SHA-crypt beyond 1,000 to 1,000,000");
    }
    rounds = *given;
  }
  const std::optional<std::string_view> salt = TakeUntil(rest, '$');
  if (!salt || salt->empty() || salt->size() > kMaxCryptSaltChars || !IsCryptText(*salt) ||
      rest.size() != digest_chars || !IsCryptText(rest)) {
    return Wrong("is no SHA-crypt hash: a salt of 1 to 16 characters, a dollar and the digest");
  }
  // With the dollar before the digest, as far as crypt(3) looks.
  const std::string_view setting = whole.substr(0, whole.size() - rest.size());
  return PasswordHash{.cost = {.kind = kind, .rounds = rounds},
                      .salt = std::string(prefix) + std::string(setting),
                      .digest = std::string(rest)};
}

Parsed ParseSha256Crypt(std::string_view prefix, std::string_view rest) {
  return ParseShaCrypt(HashKind::kSha256Crypt, prefix, rest);
}

Parsed ParseSha512Crypt(std::string_view prefix, std::string_view rest) {
  return ParseShaCrypt(HashKind::kSha512Crypt, prefix, rest);
}

// `n`: the cost itself, a power of two.
Parsed MakeScrypt(uint64_t n, uint64_t r, uint64_t p, std::string salt,
                  std::optional<std::string> digest) {
  if (!digest) return Wrong("has no scrypt digest of 16 to 64 bytes in base 64");
  if (n < 2 || !std::has_single_bit(n)) return Wrong("has an scrypt cost that is no power of two");
  // Before the product: each is small enough by itself.
  constexpr uint64_t kMaxFactor = uint64_t{1} << 20;
  const uint64_t memory_kib = n > kMaxFactor || r > kMaxFactor ? kMaxFactor : n * r / 8;
  if (memory_kib > kMaxScryptMemoryKib || p > kMaxScryptLanes || r > kMaxScryptBlockSize ||
      memory_kib * p > kMaxScryptWorkKib) {
    return Wrong(
        "is beyond what scrypt may cost: 128 * N * r of 256 MiB, r of 64, p of 16, and of p times "
        "that memory 1 GiB");
  }
  // RFC 7914.
  if (r == 1 && n >= uint64_t{1} << 16) return Wrong("has an N of scrypt too large for r=1");
  return PasswordHash{.cost = {.kind = HashKind::kScrypt,
                               .rounds = static_cast<uint32_t>(std::countr_zero(n)),
                               .memory_kib = static_cast<uint32_t>(memory_kib),
                               .lanes = static_cast<uint32_t>(p),
                               .block_size = static_cast<uint32_t>(r)},
                      .salt = std::move(salt),
                      .digest = *std::move(digest)};
}

// $scrypt$ln=16,r=8,p=1$salt$digest. Ory Kratos writes N itself as ln.
Parsed ParseScrypt(std::string_view, std::string_view rest) {
  const std::optional<uint32_t> ln = TakeNumber(rest, "ln=", ',');
  const std::optional<uint32_t> r = TakeNumber(rest, "r=", ',');
  const std::optional<uint32_t> p = TakeNumber(rest, "p=", '$');
  const std::optional<std::string_view> salt_text = TakeUntil(rest, '$');
  if (!ln || !r || !p || !salt_text) return Wrong("is malformed: ln=16,r=8,p=1$salt$digest");
  std::optional<std::string> salt = DecodeBytes(*salt_text, 1, kMaxSaltBytes);
  if (!salt) return Wrong("has no salt of 1 to 128 bytes in base 64");
  constexpr uint32_t kMaxLogarithm = 31;
  return MakeScrypt(*ln > kMaxLogarithm ? *ln : uint64_t{1} << *ln, *r, *p, *std::move(salt),
                    DecodeBytes(rest, kMinDigestBytes, kMaxDigestBytes));
}

// Of Django: scrypt$N$salt$r$p$digest, the salt as it is.
Parsed ParseDjangoScrypt(std::string_view, std::string_view rest) {
  const std::optional<uint32_t> n = TakeNumber(rest, "", '$');
  const std::optional<std::string_view> salt = TakeUntil(rest, '$');
  const std::optional<uint32_t> r = TakeNumber(rest, "", '$');
  const std::optional<uint32_t> p = TakeNumber(rest, "", '$');
  if (!n || !salt || !r || !p || salt->empty() || salt->size() > kMaxSaltBytes) {
    return Wrong("is malformed: scrypt$N$salt$r$p$digest");
  }
  return MakeScrypt(*n, *r, *p, std::string(*salt),
                    DecodeBytes(rest, kMinDigestBytes, kMaxDigestBytes));
}

constexpr size_t HashBytes(HashKind kind) {
  if (kind == HashKind::kPbkdf2Sha1) return 20;
  return kind == HashKind::kPbkdf2Sha256 ? 32 : 64;
}

Parsed MakePbkdf2(HashKind kind, std::optional<uint32_t> rounds, std::optional<std::string> salt,
                  std::optional<std::string> digest) {
  if (!rounds || !salt || salt->empty()) return Wrong("is malformed: rounds, salt and digest");
  if (!digest) return Wrong("has no digest of 16 to 64 bytes in base 64");
  const size_t blocks = (digest->size() + HashBytes(kind) - 1) / HashBytes(kind);
  if (uint64_t{*rounds} * blocks > kMaxPbkdf2Rounds) {
    return Wrong("has more rounds of PBKDF2 than 2,500,000, of all blocks of the digest together");
  }
  return PasswordHash{
      .cost = {.kind = kind, .rounds = *rounds, .lanes = static_cast<uint32_t>(blocks)},
      .salt = *std::move(salt),
      .digest = *std::move(digest)};
}

// Of passlib: 29000$salt$digest, in base 64 with a dot in the place of the plus. As a PHC string:
// i=29000,l=32$salt$digest.
Parsed ParsePbkdf2(HashKind kind, std::string_view rest) {
  std::optional<std::string_view> costs = TakeUntil(rest, '$');
  const std::optional<std::string_view> salt_text = TakeUntil(rest, '$');
  if (!costs || !salt_text) return Wrong("is malformed: rounds$salt$digest");
  std::optional<uint32_t> rounds;
  if (costs->starts_with("i=")) {
    const bool has_length = costs->find(',') != std::string_view::npos;
    rounds = TakeNumber(*costs, "i=", has_length ? ',' : '\0');
    // How long the digest is, the digest says as well.
    if (has_length && !TakeNumber(*costs, "l=", '\0')) rounds.reset();
  } else {
    rounds = TakeNumber(*costs, "", '\0');
  }
  const auto bytes = [](std::string_view text, size_t min_bytes, size_t max_bytes) {
    std::string standard(text);
    std::ranges::replace(standard, '.', '+');
    return DecodeBytes(standard, min_bytes, max_bytes);
  };
  return MakePbkdf2(kind, rounds, bytes(*salt_text, 1, kMaxSaltBytes),
                    bytes(rest, kMinDigestBytes, kMaxDigestBytes));
}

// Of Django: 260000$salt$digest, the salt as it is.
Parsed ParseDjangoPbkdf2(HashKind kind, std::string_view rest) {
  const std::optional<uint32_t> rounds = TakeNumber(rest, "", '$');
  const std::optional<std::string_view> salt = TakeUntil(rest, '$');
  if (!salt || salt->size() > kMaxSaltBytes) return Wrong("is malformed: rounds$salt$digest");
  return MakePbkdf2(kind, rounds, std::string(*salt),
                    DecodeBytes(rest, kMinDigestBytes, kMaxDigestBytes));
}

template <HashKind kKind>
Parsed ParsePbkdf2Of(std::string_view, std::string_view rest) {
  return ParsePbkdf2(kKind, rest);
}

template <HashKind kKind>
Parsed ParseDjangoPbkdf2Of(std::string_view, std::string_view rest) {
  return ParseDjangoPbkdf2(kKind, rest);
}

// How each begins, and what reads the rest. None is the beginning of another.
struct Form {
  std::string_view prefix;
  Parsed (*parse)(std::string_view prefix, std::string_view rest);
};

constexpr std::array kForms = {
    Form{"$argon2id$v=19$", ParseArgon2id},
    Form{"$argon2i$v=19$", ParseArgon2i},
    Form{"$2a$", ParseBcrypt},
    Form{"$2b$", ParseBcrypt},
    Form{"$2y$", ParseBcrypt},
    Form{"$scrypt$", ParseScrypt},
    Form{"scrypt$", ParseDjangoScrypt},
    Form{"$pbkdf2$", ParsePbkdf2Of<HashKind::kPbkdf2Sha1>},
    Form{"$pbkdf2-sha1$", ParsePbkdf2Of<HashKind::kPbkdf2Sha1>},
    Form{"$pbkdf2-sha256$", ParsePbkdf2Of<HashKind::kPbkdf2Sha256>},
    Form{"$pbkdf2-sha512$", ParsePbkdf2Of<HashKind::kPbkdf2Sha512>},
    Form{"pbkdf2_sha1$", ParseDjangoPbkdf2Of<HashKind::kPbkdf2Sha1>},
    Form{"pbkdf2_sha256$", ParseDjangoPbkdf2Of<HashKind::kPbkdf2Sha256>},
    Form{"pbkdf2_sha512$", ParseDjangoPbkdf2Of<HashKind::kPbkdf2Sha512>},
    Form{"$5$", ParseSha256Crypt},
    Form{"$6$", ParseSha512Crypt},
};

// What Django writes before hashes that are others' besides.
std::string_view WithoutDjangoPrefix(std::string_view text) {
  constexpr std::string_view kArgon2 = "argon2";
  constexpr std::string_view kBcrypt = "bcrypt$";
  if (text.starts_with("argon2$argon2")) return text.substr(kArgon2.size());
  if (text.starts_with("bcrypt$$2")) return text.substr(kBcrypt.size());
  return text;
}

Parsed Parse(std::string_view text) {
  if (text.size() > kMaxPasswordHashBytes) return Wrong("is longer than 512 bytes");
  // The salts of Django are as they are, but for what no text of Postgres has.
  if (!base::IsValidUtf8(text)) return Wrong("is not valid UTF-8, or has U+0000 in it");
  text = WithoutDjangoPrefix(text);
  for (const Form& form : kForms) {
    if (text.starts_with(form.prefix)) {
      return form.parse(form.prefix, text.substr(form.prefix.size()));
    }
  }
  return Wrong(
      "is of no kind that can be verified: bcrypt, Argon2i and Argon2id of version 19, scrypt, "
      "PBKDF2, SHA-crypt");
}

}  // namespace

std::string_view HashKindName(HashKind kind) {
  switch (kind) {
    case HashKind::kArgon2id:
      return "argon2id";
    case HashKind::kArgon2i:
      return "argon2i";
    case HashKind::kBcrypt:
      return "bcrypt";
    case HashKind::kScrypt:
      return "scrypt";
    case HashKind::kPbkdf2Sha1:
      return "pbkdf2-sha1";
    case HashKind::kPbkdf2Sha256:
      return "pbkdf2-sha256";
    case HashKind::kPbkdf2Sha512:
      return "pbkdf2-sha512";
    case HashKind::kSha256Crypt:
      return "sha256-crypt";
    case HashKind::kSha512Crypt:
      return "sha512-crypt";
  }
  return "";
}

HashCost CostOf(const Argon2idParams& params) {
  return {.kind = HashKind::kArgon2id,
          .rounds = params.passes,
          .memory_kib = params.memory_kib,
          .lanes = params.lanes};
}

absl::StatusOr<PasswordHash> ParsePasswordHash(std::string_view text, std::string_view field) {
  Parsed parsed = Parse(text);
  if (parsed.ok()) return parsed;
  return base::InvalidField(field, std::string(parsed.status().message()),
                            base::Reason::kPasswordHashUnsupported);
}

PasswordHash RandomPasswordHash(const HashCost& cost) {
  PasswordHash hash{.cost = cost, .salt = {}, .digest = {}};
  switch (cost.kind) {
    case HashKind::kBcrypt:
      hash.salt = std::string("$2b$") + (cost.rounds < 10 ? "0" : "") +
                  std::to_string(cost.rounds) + "$" + RandomCryptText(kBcryptSaltChars);
      hash.digest = RandomCryptText(kBcryptDigestChars);
      break;
    case HashKind::kSha256Crypt:
    case HashKind::kSha512Crypt: {
      const bool short_one = cost.kind == HashKind::kSha256Crypt;
      hash.salt = std::string(short_one ? "$5$" : "$6$") + "rounds=" + std::to_string(cost.rounds) +
                  "$" + RandomCryptText(kMaxCryptSaltChars) + "$";
      hash.digest = RandomCryptText(short_one ? kSha256CryptDigestChars : kSha512CryptDigestChars);
      break;
    }
    case HashKind::kPbkdf2Sha1:
    case HashKind::kPbkdf2Sha256:
    case HashKind::kPbkdf2Sha512:
      hash.salt = base::RandomBytes(kSaltBytes);
      hash.digest = base::RandomBytes(HashBytes(cost.kind) * cost.lanes);
      break;
    case HashKind::kArgon2id:
    case HashKind::kArgon2i:
    case HashKind::kScrypt:
      hash.salt = base::RandomBytes(kSaltBytes);
      hash.digest = base::RandomBytes(kDigestBytes);
  }
  return hash;
}

}  // namespace gatehouse::auth
