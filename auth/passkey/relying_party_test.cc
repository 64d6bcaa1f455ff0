#include "auth/passkey/relying_party.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "auth/passkey/passkey_key.h"
#include "auth/passkey/passkey_response.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "tests/support/passkey/software_authenticator.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::json;
using tests::SoftwareAuthenticator;

const base::Uuid kUser = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002");
constexpr base::Time kNow = base::TimeFromMicros(1'767'225'600'000'000);
const std::string kSecret(32, 's');

RelyingParty MakeParty(std::string origins = "https://example.com https://login.example.com") {
  return RelyingParty({.id = "example.com", .name = "Example", .origins = std::move(origins)},
                      kSecret);
}

RelyingParty::User TheUser() {
  return {.tenant_id = base::kDefaultTenantId,
          .id = kUser,
          .username = "ada",
          .display_name = "Ada L."};
}

class RelyingPartyTest : public testing::Test {
 protected:
  std::string CreationOptions() { return party_.CreationOptions(TheUser(), {}, kNow); }
  std::string RequestOptions(PasskeyPurpose purpose = PasskeyPurpose::kLogin) {
    return party_.RequestOptions(purpose, base::kDefaultTenantId, {}, {}, kNow);
  }

  // All that a registration is checked for.
  absl::StatusOr<NewPasskey> Read(const std::string& json, base::Time now = kNow) {
    GH_ASSIGN_OR_RETURN(const RegistrationResponse response, ParseRegistrationResponse(json));
    GH_RETURN_IF_ERROR(
        party_.ReadChallenge(response.client_data_json, PasskeyPurpose::kRegistration, now)
            .status());
    return party_.ReadRegistration(response);
  }
  // All that an assertion is checked for, before its signature.
  absl::StatusOr<AuthenticatorState> ReadSigned(const std::string& json, bool verified = true,
                                                base::Time now = kNow) {
    GH_ASSIGN_OR_RETURN(const AssertionResponse response, ParseAssertionResponse(json));
    GH_RETURN_IF_ERROR(
        party_.ReadChallenge(response.client_data_json, PasskeyPurpose::kLogin, now).status());
    return party_.ReadAssertion(response, verified);
  }
  // Why it was refused.
  template <typename T>
  static std::string Refused(const absl::StatusOr<T>& result) {
    EXPECT_TRUE(base::HasReason(result.status(), base::Reason::kPasskeyInvalid)) << result.status();
    return std::string(result.status().message());
  }

  const RelyingParty party_ = MakeParty();
  SoftwareAuthenticator authenticator_;
};

TEST_F(RelyingPartyTest, TakesPasskeysOfEachAlgorithm) {
  for (const PasskeyAlgorithm algorithm : kPasskeyAlgorithms) {
    SoftwareAuthenticator authenticator(static_cast<int32_t>(algorithm));
    const auto made = Read(authenticator.Register(CreationOptions()));
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->key.algorithm, algorithm);
    EXPECT_EQ(made->credential_id, authenticator.credential_id);
    EXPECT_TRUE(made->backup_eligible);
    EXPECT_TRUE(made->backed_up);

    authenticator.step = 1;
    const std::string json = authenticator.Sign(RequestOptions());
    const auto state = ReadSigned(json);
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->sign_count, 1u);
    EXPECT_TRUE(state->user_verified);
    const AssertionResponse response = *ParseAssertionResponse(json);
    EXPECT_EQ(response.user_handle, kUser.bytes());
    EXPECT_TRUE(VerifySignature(made->key, party_.id(), response.authenticator_data,
                                response.client_data_json, response.signature));
    EXPECT_FALSE(VerifySignature(made->key, party_.id(), response.authenticator_data,
                                 response.client_data_json + " ", response.signature));
  }
}

TEST_F(RelyingPartyTest, OptionsSayAllThatABrowserNeeds) {
  const Json creation = Json::parse(
      party_.CreationOptions(TheUser(), {{.credential_id = "abc", .transports = {"usb"}}}, kNow));
  EXPECT_EQ(creation.at("rp").at("id"), "example.com");
  EXPECT_EQ(creation.at("rp").at("name"), "Example");
  EXPECT_EQ(creation.at("user").at("id"), base::Base64UrlEncode(kUser.bytes()));
  EXPECT_EQ(creation.at("user").at("name"), "ada");
  EXPECT_EQ(creation.at("user").at("displayName"), "Ada L.");
  EXPECT_EQ(creation.at("pubKeyCredParams").size(), 3u);
  EXPECT_EQ(creation.at("pubKeyCredParams").at(0).at("alg"), -7);
  EXPECT_EQ(creation.at("excludeCredentials").dump(),
            R"([{"id":"YWJj","transports":["usb"],"type":"public-key"}])");
  EXPECT_EQ(creation.at("attestation"), "none");
  EXPECT_EQ(creation.at("timeout"), 300'000);
  const Json request = Json::parse(RequestOptions());
  EXPECT_EQ(request.at("rpId"), "example.com");
  EXPECT_EQ(request.at("userVerification"), "required");
  EXPECT_TRUE(request.at("allowCredentials").empty());
  EXPECT_EQ(Json::parse(RequestOptions(PasskeyPurpose::kStepUp)).at("userVerification"),
            "preferred");
  // Another one each time.
  EXPECT_NE(request.at("challenge"), Json::parse(RequestOptions()).at("challenge"));
}

TEST_F(RelyingPartyTest, RefusesOtherOriginsAndDomains) {
  authenticator_.origin = "https://login.example.com";
  EXPECT_TRUE(Read(authenticator_.Register(CreationOptions())).ok());
  for (const char* origin : {"https://evil.example", "http://example.com", "https://example.com/",
                             "https://example.com:444", "https://www.example.com", ""}) {
    authenticator_.origin = origin;
    EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()))),
                testing::HasSubstr("origin"))
        << origin;
    EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
                testing::HasSubstr("origin"));
  }
  authenticator_.origin = "https://example.com";
  authenticator_.cross_origin = true;
  EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()))),
              testing::HasSubstr("frame"));
  authenticator_.cross_origin = false;
  authenticator_.rp_id = "evil.example";
  EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()))),
              testing::HasSubstr("domain"));
  EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
              testing::HasSubstr("domain"));
}

TEST_F(RelyingPartyTest, RefusesOtherChallenges) {
  EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()),
                           kNow + RelyingParty::kChallengeLifetime)),
              testing::HasSubstr("late"));
  // Of another purpose, another server, none of ours.
  authenticator_.challenge = Json::parse(RequestOptions()).at("challenge").get<std::string>();
  EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()))),
              testing::HasSubstr("challenge"));
  authenticator_.challenge =
      Json::parse(RequestOptions(PasskeyPurpose::kStepUp)).at("challenge").get<std::string>();
  EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
              testing::HasSubstr("challenge"));
  const RelyingParty other({.id = "example.com", .name = "", .origins = ""}, std::string(32, 't'));
  authenticator_.challenge = Json::parse(other.RequestOptions(PasskeyPurpose::kLogin,
                                                              base::kDefaultTenantId, {}, {}, kNow))
                                 .at("challenge")
                                 .get<std::string>();
  EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
              testing::HasSubstr("challenge"));
  authenticator_.challenge = "AAAA";
  EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
              testing::HasSubstr("challenge"));
  authenticator_.challenge = "";
  authenticator_.type = "webauthn.create";
  EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
              testing::HasSubstr("kind"));
}

TEST_F(RelyingPartyTest, AsksForAPersonAndForOneThatIsKnown) {
  authenticator_.flags = SoftwareAuthenticator::kUserPresent;
  const std::string unverified = authenticator_.Sign(RequestOptions());
  EXPECT_THAT(Refused(ReadSigned(unverified)), testing::HasSubstr("PIN"));
  EXPECT_TRUE(ReadSigned(unverified, /*verified=*/false).ok());
  authenticator_.flags = SoftwareAuthenticator::kUserVerified;
  EXPECT_THAT(Refused(ReadSigned(authenticator_.Sign(RequestOptions()))),
              testing::HasSubstr("present"));
  authenticator_.flags = SoftwareAuthenticator::kUserPresent | SoftwareAuthenticator::kBackedUp;
  EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()))),
              testing::HasSubstr("contradict"));
}

TEST_F(RelyingPartyTest, RefusesAnswersOfAnotherForm) {
  const std::string options = CreationOptions();
  const Json whole = Json::parse(authenticator_.Register(options));
  for (const char* member : {"type", "id", "response"}) {
    Json lacking = whole;
    lacking.erase(member);
    Refused(Read(lacking.dump()));
    Json other = whole;
    other[member] = 7;
    Refused(Read(other.dump()));
  }
  for (const char* member : {"clientDataJSON", "attestationObject"}) {
    Json lacking = whole;
    lacking["response"].erase(member);
    Refused(Read(lacking.dump()));
    lacking["response"][member] = "not base64url!";
    Refused(Read(lacking.dump()));
  }
  Json two_ids = whole;
  two_ids["rawId"] = "AAAA";
  Refused(Read(two_ids.dump()));
  // The id that is signed is another one.
  two_ids["id"] = "AAAA";
  Refused(Read(two_ids.dump()));
  for (const char* text : {"", "null", "[]", "{", "{}", "\xff"}) Refused(Read(text));
  Refused(Read(whole.dump() + std::string(kMaxPasskeyResponseBytes, ' ')));
  Refused(Read(std::string(kMaxPasskeyResponseBytes, '[')));
}

TEST_F(RelyingPartyTest, RefusesAttestationsThatAreCutOff) {
  const std::string options = CreationOptions();
  const std::string whole = authenticator_.AttestationObject("example.com");
  EXPECT_TRUE(Read(authenticator_.RegistrationWith(options, whole)).ok());
  for (size_t size = 1; size < whole.size(); ++size) {
    Refused(Read(authenticator_.RegistrationWith(options, whole.substr(0, size))));
  }
}

TEST_F(RelyingPartyTest, TransportsAreHintsThatAreBounded) {
  Json answer = Json::parse(authenticator_.Register(CreationOptions()));
  answer["response"]["transports"] = {"usb", 7, "UPPER", "", std::string(33, 'x'), "nfc"};
  EXPECT_THAT(ParseRegistrationResponse(answer.dump())->transports,
              testing::ElementsAre("usb", "nfc"));
  answer["response"]["transports"] = std::vector<std::string>(20, "usb");
  EXPECT_EQ(ParseRegistrationResponse(answer.dump())->transports.size(), 8u);
  answer["response"].erase("transports");
  EXPECT_TRUE(ParseRegistrationResponse(answer.dump())->transports.empty());
}

TEST(RelyingPartyConfigTest, ChecksDomainAndOrigins) {
  const auto check = [](std::string id, std::string origins) {
    return RelyingParty::Check({.id = std::move(id), .name = "", .origins = std::move(origins)});
  };
  EXPECT_TRUE(check("", "").ok());
  EXPECT_TRUE(check("example.com", "").ok());
  EXPECT_TRUE(check("example.com", "https://example.com https://a.example.com:8443").ok());
  EXPECT_TRUE(check("example.com", "android:apk-key-hash:abc").ok());
  EXPECT_TRUE(check("localhost", "http://localhost:8080").ok());
  for (const char* id : {"https://example.com", "example.com:443", "Example.com", ".com", "a b"}) {
    EXPECT_FALSE(check(id, "").ok()) << id;
  }
  for (const char* origins :
       {"example.com", "http://example.com", "https://example.com/", "https://example.org",
        "https://badexample.com", "https://example.com:", "https://user@example.com"}) {
    EXPECT_FALSE(check("example.com", origins).ok()) << origins;
  }
  EXPECT_FALSE(check("", "https://example.com").ok());
}

TEST(RelyingPartyConfigTest, IsSwitchedOffWithoutADomain) {
  const RelyingParty off({}, kSecret);
  EXPECT_TRUE(base::HasReason(off.RequireEnabled(), base::Reason::kConstraintViolated));
  EXPECT_TRUE(MakeParty().RequireEnabled().ok());
}

TEST(RelyingPartyConfigTest, HasBoundsForDomainsAndOrigins) {
  const auto check = [](std::string id, std::string origins) {
    return RelyingParty::Check({.id = std::move(id), .name = "", .origins = std::move(origins)});
  };
  // The scheme of Android alone names no app.
  EXPECT_FALSE(check("example.com", "android:apk-key-hash:").ok());
  EXPECT_TRUE(check("example.com", "android:apk-key-hash:a").ok());
  EXPECT_TRUE(check(std::string(253, 'a'), "").ok());
  EXPECT_FALSE(check(std::string(254, 'a'), "").ok());
  EXPECT_FALSE(check("example.com.", "").ok());
  EXPECT_TRUE(check("localhost", "http://app.localhost:3000").ok());
  // Browsers take localhost for secure, and nothing that only ends like it.
  EXPECT_FALSE(check("notlocalhost", "http://notlocalhost").ok());
  for (const char* origins :
       {"https://.example.com", "https://example.com:80a", "https://example.com:80:80",
        "ftp://example.com", "https://", "HTTPS://example.com", "https://Example.com"}) {
    EXPECT_FALSE(check("example.com", origins).ok()) << origins;
  }
}

TEST_F(RelyingPartyTest, CountsAreOfFourBytes) {
  ASSERT_TRUE(Read(authenticator_.Register(CreationOptions())).ok());
  authenticator_.step = 0x01020304;
  EXPECT_EQ(ReadSigned(authenticator_.Sign(RequestOptions()))->sign_count, 0x01020304u);
}

TEST_F(RelyingPartyTest, AnOriginOfAnotherCaseIsAnother) {
  authenticator_.origin = "https://Example.com";
  EXPECT_THAT(Refused(Read(authenticator_.Register(CreationOptions()))),
              testing::HasSubstr("origin"));
}

TEST_F(RelyingPartyTest, WhatMayBeBackedUpNeedNotBe) {
  authenticator_.flags =
      SoftwareAuthenticator::kUserPresent | SoftwareAuthenticator::kBackupEligible;
  const auto made = Read(authenticator_.Register(CreationOptions()));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->backup_eligible);
  EXPECT_FALSE(made->backed_up);
  authenticator_.flags = SoftwareAuthenticator::kUserPresent;
  const auto bound = Read(authenticator_.Register(CreationOptions()));
  ASSERT_TRUE(bound.ok()) << bound.status();
  EXPECT_FALSE(bound->backup_eligible);
}

TEST_F(RelyingPartyTest, AnswersAreAsLongAsTheyMayBe) {
  const std::string whole = authenticator_.Register(CreationOptions());
  EXPECT_TRUE(Read(whole + std::string(kMaxPasskeyResponseBytes - whole.size(), ' ')).ok());
  Refused(Read(whole + std::string(kMaxPasskeyResponseBytes - whole.size() + 1, ' ')));
  Json answer = Json::parse(whole);
  answer["response"]["transports"] = {std::string(32, 'x')};
  EXPECT_EQ(ParseRegistrationResponse(answer.dump())->transports.size(), 1u);
}

// CBOR: a map of three has 0xa3 in front of it.
TEST_F(RelyingPartyTest, AttestationObjectsHaveFewMembersAndOneOfAName) {
  const std::string options = CreationOptions();
  const std::string whole = authenticator_.AttestationObject("example.com");
  ASSERT_EQ(whole.front(), '\xa3');
  const auto with = [&](char head, const std::string& more) {
    return Read(authenticator_.RegistrationWith(options, head + whole.substr(1) + more));
  };
  // Names of one letter, each 1.
  const auto members = [](int number) {
    std::string cbor;
    for (int i = 0; i < number; ++i) cbor += {'\x61', static_cast<char>('a' + i), '\x01'};
    return cbor;
  };
  EXPECT_TRUE(with('\xa8', members(5)).ok());
  Refused(with('\xa9', members(6)));
  // What follows the map, and a map that says it has more than there is.
  Refused(with('\xa3', members(1)));
  Refused(with('\xa5', members(1)));
  const std::string name =
      "\x68"
      "authData";
  Refused(with('\xa4', name + "\x41"
                              "a"));
}

}  // namespace
}  // namespace gatehouse::auth
