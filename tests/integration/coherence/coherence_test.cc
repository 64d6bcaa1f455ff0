// Two servers over one database, as `gatehouse serve` puts them together: what one of them changes,
// the other one knows within a second. Every method of the .proto files that changes something has
// a case here, or a reason why not; whoever adds one adds its case.

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/session.pb.h"
#include "tests/integration/coherence/cases.h"
#include "tests/integration/coherence/two_servers.h"
#include "tests/support/api/declared_methods.h"

namespace gatehouse::tests {
namespace {

// As clients know by their names which methods may be called again (docs/grpc-service-config.json).
bool OnlyReads(const std::string& method) {
  constexpr std::array<std::string_view, 7> kBeginnings = {
      "Get", "BatchGet", "List", "Verify", "Introspect", "Tail", "Watch"};
  const std::string_view verb = std::string_view(method).substr(method.find('/') + 1);
  for (const std::string_view beginning : kBeginnings) {
    if (verb.starts_with(beginning)) return true;
  }
  return false;
}

std::set<std::string> MethodsWithCase() {
  std::set<std::string> methods;
  for (const auto* cases :
       {&CredentialCases(), &FactorCases(), &TokenCases(), &CatalogueCases(), &DeliveryCases()}) {
    for (const CoherenceCase& one : *cases) methods.insert(one.methods.begin(), one.methods.end());
  }
  for (const StoredChange& change : StoredChanges()) methods.insert(change.method);
  return methods;
}

void ProveAll(const std::vector<CoherenceCase>& cases) {
  TwoServers servers;
  for (const CoherenceCase& one : cases) {
    SCOPED_TRACE(one.name);
    one.prove(servers);
  }
}

TEST(CoherenceTest, EveryMethodThatChangesSomethingHasACase) {
  std::set<std::string> changing;
  for (const DeclaredMethod& method : DeclaredMethods()) {
    if (!OnlyReads(method.name)) changing.insert(method.name);
  }
  std::set<std::string> known = MethodsWithCase();
  for (const auto& [method, reason] : WithoutCase()) {
    EXPECT_TRUE(known.insert(method).second) << method << " has a case, and needs no reason";
  }
  EXPECT_EQ(known, changing) << "say how another server is seen to know of the change";
}

TEST(CoherenceTest, TheOtherServerKnowsCredentialsWithinASecond) { ProveAll(CredentialCases()); }

TEST(CoherenceTest, TheOtherServerKnowsFactorsWithinASecond) { ProveAll(FactorCases()); }

TEST(CoherenceTest, TheOtherServerKnowsOfTokensWithinASecond) { ProveAll(TokenCases()); }

TEST(CoherenceTest, TheOtherServerKnowsTenantsAndSchemasWithinASecond) {
  ProveAll(CatalogueCases());
}

TEST(CoherenceTest, TheOtherServerDeliversByWhatIsSet) { ProveAll(DeliveryCases()); }

TEST(CoherenceTest, TheOtherServerReadsWhatIsStored) {
  TwoServers servers;
  ProveStoredChanges(servers);
}

TEST(CoherenceTest, AfterAnEmergencyBothServersTrustTheNewKeyAlone) {
  TwoServers servers;
  const TwoServers::Person one = servers.MakePerson();
  v1::RotateSigningKeyRequest request;
  request.set_emergency(true);
  servers.Must<v1::RotateSigningKeyResponse>("AdminService/RotateSigningKey", request);
  // The other server may still have signed with the old one; then it is refused once known.
  while (servers.VerifyThere(one.token()).active()) {
  }
  v1::RefreshSessionRequest refresh;
  refresh.set_refresh_token(one.login.tokens().refresh_token());
  const auto refreshed = servers.there().Call<v1::RefreshSessionResponse>(
      "", "SessionService/RefreshSession", refresh);
  ASSERT_TRUE(refreshed.ok()) << refreshed.message;
  const std::string token = refreshed.response.tokens().access_token();
  EXPECT_TRUE(servers.VerifyThere(token).active());
  v1::VerifySessionRequest verify;
  verify.set_token(token);
  EXPECT_TRUE(
      servers.Must<v1::VerifySessionResponse>("SessionService/VerifySession", verify).active());
}

}  // namespace
}  // namespace gatehouse::tests
