#include "auth/passkey/passkey_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "auth/passkey/attestation_object.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

std::string Hex(std::string_view text) { return *base::HexDecode(text); }

// Of WebAuthn level 3, section 16, "Test Vectors": the RP is example.org.
constexpr char kRpId[] = "example.org";

struct Vector {
  PasskeyKey key;
  std::string authenticator_data;
  std::string client_data;
  std::string signature;
};

// 16.2, ES256 credential with no attestation.
constexpr char kEs256Attestation[] =
    "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c473"
    "5ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0"
    "ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb640"
    "98d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e"
    "2664796b9220";
Vector Es256Vector() {
  return {.key = {.algorithm = PasskeyAlgorithm::kEs256,
                  .bytes = Hex("afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61"
                               "930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220")},
          .authenticator_data =
              Hex("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000"),
          .client_data =
              R"({"type":"webauthn.get","challenge":"OcDnUhQXulTUPo3JUXT0I97pvzzYBP9tZch)"
              R"(Xyav01Ag","origin":"https://example.org","crossOrigin":false})",
          .signature = Hex("3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deff"
                           "cd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e33"
                           "1e87")};
}

// 16.11, EdDSA credential.
Vector EdDsaVector() {
  return {.key = {.algorithm = PasskeyAlgorithm::kEdDsa,
                  .bytes = Hex("44e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832")},
          .authenticator_data =
              Hex("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50100000000"),
          .client_data =
              R"({"type":"webauthn.get","challenge":"iVlX4BxjOmmDSKLYoxpUt9sn6MHEOyCA15r)"
              R"(iGQJnv9I","origin":"https://example.org","crossOrigin":false})",
          .signature = Hex("f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f"
                           "85393bc0d40b011f0d6fecb097d6607525713223a0dc0d453993dae00b")};
}

// The specification's RS256 vector (16.10) has a key of 3,482 bits, made of the Mersenne primes
// 2^1279 - 1 and 2^2203 - 1, which is none that authenticators make or that we take. So what its
// credential signs is signed here by the key of RFC 7515, A.2.1, whose private half is printed
// there: a signature of RS256 has nothing random, and anybody can compute it.
Vector Rs256Vector() {
  return {.key = {.algorithm = PasskeyAlgorithm::kRs256,
                  .bytes = Hex("a1f8160ae2e3c9b465ce8d2d656263362b927dbe29e1f02477fc1625cc90a136e3"
                               "8bd93497c5b6ea63dd7711e67c7429f956b0fb8a8f089adc4b69893cc1333f53ed"
                               "d019b87784252fec914fe4857769594bea4280d32c0f55bf62944f130396bc6e9b"
                               "df6ebdd2bda3678eeca0c668f701b38dbffb38c8342ce2fe6d27fade4a5a487497"
                               "9dd4b9cf9adec4c75b05852c2c0f5ef8a5c1750392f944e8ed64c110c6b647609a"
                               "a4783aeb9c6c9ad755313050638b83665c6f6f7a82a396702a1f641b82d3ebf239"
                               "2219491fb686872c5716f50af8358d9a8b9d17c340728f7f87d89a18d8fcab67ad"
                               "84590c2ecf759339363c07034d6f606f9e21e05456cae5e9a1010001")},
          .authenticator_data =
              Hex("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000"),
          .client_data =
              R"({"type":"webauthn.get","challenge":"KV9Z9fqP5ixayp4nYmx4yNo3aubYzS3Smuu)"
              R"(tYB4bxMU","origin":"https://example.org","crossOrigin":false})",
          .signature = Hex("4d3d3e5bcdc47f5a99385d72e6e2afeb6fd484b4a21399a034212dec4d885448f0a844"
                           "d40b9cc5ccaa8d5c5c4e0fb43205a88a8ce3e8319c687de5c38e32b611194891db1302"
                           "49a2d3b2e98c5acb6896ac14265fca7c96429443c959c3abc1cf89f9039f67fa8c66a6"
                           "70192e3485dc2f767bc9c0f0785934e4e26c838deca90f873a8bbd96a627fbcd710935"
                           "cd2d0a2b165a765fb1739544c6eb5e119460163eb460ddcc6c146c77730628fbd72560"
                           "ea4cdfab23b1499377590b2f6eae3766dfa95aa409b74a4868f6cf9ac0e2a84556b295"
                           "a5fb3afba5e70927aa7805e3af121e7a3c970f8b077a28358382f2c0a53a1eb58ba971"
                           "28c4663c207cede7a4da35")};
}

bool Verify(const Vector& vector, const std::string& rp_id = kRpId) {
  return VerifySignature(vector.key, rp_id, vector.authenticator_data, vector.client_data,
                         vector.signature);
}

TEST(PasskeyKeyTest, VerifiesTheVectorsOfTheSpecification) {
  EXPECT_TRUE(Verify(Es256Vector()));
  EXPECT_TRUE(Verify(EdDsaVector()));
  EXPECT_TRUE(Verify(Rs256Vector()));
}

TEST(PasskeyKeyTest, NothingOfWhatWasSignedMayDiffer) {
  for (const Vector& vector : {Es256Vector(), EdDsaVector(), Rs256Vector()}) {
    for (std::string Vector::* part :
         {&Vector::authenticator_data, &Vector::client_data, &Vector::signature}) {
      for (size_t i = 0; i < (vector.*part).size(); ++i) {
        Vector forged = vector;
        (forged.*part)[i] = static_cast<char>((forged.*part)[i] ^ 1);
        EXPECT_FALSE(Verify(forged)) << i;
      }
      Vector cut = vector;
      (cut.*part).pop_back();
      EXPECT_FALSE(Verify(cut));
      (cut.*part).clear();
      EXPECT_FALSE(Verify(cut));
    }
    EXPECT_FALSE(Verify(vector, "example.com"));
    Vector other = vector;
    other.key = NobodysPasskeyKey();
    EXPECT_FALSE(Verify(other));
  }
  // A signature of one algorithm is none of another.
  Vector mixed = Es256Vector();
  mixed.key = EdDsaVector().key;
  EXPECT_FALSE(Verify(mixed));
}

TEST(PasskeyKeyTest, TellsWhatIsNoKey) {
  EXPECT_TRUE(IsValid(NobodysPasskeyKey()));
  PasskeyKey off_the_curve = Es256Vector().key;
  off_the_curve.bytes.back() = static_cast<char>(off_the_curve.bytes.back() ^ 1);
  EXPECT_FALSE(IsValid(off_the_curve));
  EXPECT_FALSE(IsValid({PasskeyAlgorithm::kEs256, std::string(64, '\0')}));
  EXPECT_FALSE(IsValid({PasskeyAlgorithm::kEs256, std::string(63, 'x')}));
  EXPECT_FALSE(IsValid({PasskeyAlgorithm::kEs256, ""}));
  EXPECT_FALSE(IsValid({PasskeyAlgorithm::kEdDsa, std::string(33, 'x')}));
  EXPECT_FALSE(IsValid({static_cast<PasskeyAlgorithm>(-35), std::string(96, 'x')}));
  const std::string exponent("\x01\x00\x01", 3);
  // A modulus of fewer bits, and an exponent that verifies everything.
  EXPECT_FALSE(IsValid(
      {PasskeyAlgorithm::kRs256, std::string(128, '\0') + std::string(128, '\xff') + exponent}));
  EXPECT_FALSE(
      IsValid({PasskeyAlgorithm::kRs256, std::string(256, '\xff') + std::string("\0\0\x01", 3)}));
}

TEST(AttestationObjectTest, ReadsTheVectorOfTheSpecification) {
  const auto data = AuthenticatorDataOfAttestation(Hex(kEs256Attestation));
  ASSERT_TRUE(data.ok()) << data.status();
  const auto made = ReadAttestedCredential(*data);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(base::HexEncode(made->credential_id),
            "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4");
  EXPECT_EQ(made->key, Es256Vector().key);
  EXPECT_EQ(made->aaguid.ToString(), "8446ccb9-ab1d-b374-750b-2367ff6f3a1f");
}

// 16.10, RS256 credential: of a size that no authenticator makes. By what was wrong with it.
TEST(AttestationObjectTest, RefusesAnRsaKeyOfAnotherSize) {
  const auto with_modulus = [](const std::string& modulus) {
    return ReadAttestedCredential(
        Hex("bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000428f8878298b"
            "9862a36ad8c7527bfef20020992a18acc83f67533600c1138a4b4c4bd236de13629cf025ed17cb00b00b74"
            "dfa401030339010020") +
        modulus + Hex("2143010001"));
  };
  const std::string key = Rs256Vector().key.bytes;
  const auto made = with_modulus(Hex("590100") + key.substr(0, 256));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->key, Rs256Vector().key);
  const auto refused =
      with_modulus(Hex("5901b403") + std::string(159, '\xff') + '\xf7' + std::string(115, '\xff') +
                   '\x80' + std::string(158, '\0') + '\x01');
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.status().message(), testing::HasSubstr("RS256 with 2,048 bits"));
}

TEST(AttestationObjectTest, RefusesWhatIsCutOffOrHasMore) {
  const std::string whole = Hex(kEs256Attestation);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(AuthenticatorDataOfAttestation(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(AuthenticatorDataOfAttestation(whole + '\0').ok());
  const std::string data = *AuthenticatorDataOfAttestation(whole);
  for (size_t size = 0; size < data.size(); ++size) {
    EXPECT_FALSE(ReadAttestedCredential(data.substr(0, size)).ok()) << size;
  }
}

// Whatever one bit does, it ends in an answer.
TEST(AttestationObjectTest, SurvivesAnyChangedBit) {
  const std::string whole = Hex(kEs256Attestation);
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
      const auto data = AuthenticatorDataOfAttestation(changed);
      if (data.ok()) static_cast<void>(ReadAttestedCredential(*data));
    }
  }
}

TEST(AttestationObjectTest, RefusesOtherCbor) {
  for (const char* hex :
       {"", "00", "a0", "f6", "80", "bf", "a1", "9b7fffffffffffffff", "bb7fffffffffffffff",
        "5b7fffffffffffffff", "a168617574684461746100", "a1686175746844617461f6",
        "a2686175746844617461416168617574684461746141ff", "bf68617574684461746141ffff"}) {
    EXPECT_FALSE(AuthenticatorDataOfAttestation(Hex(hex)).ok()) << hex;
  }
  // Arrays within arrays.
  EXPECT_FALSE(AuthenticatorDataOfAttestation(std::string(10'000, '\x81')).ok());
}

}  // namespace
}  // namespace gatehouse::auth
