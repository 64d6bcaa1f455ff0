#ifndef GATEHOUSE_TESTS_INTEGRATION_COHERENCE_CASES_H_
#define GATEHOUSE_TESTS_INTEGRATION_COHERENCE_CASES_H_

#include <map>
#include <string>
#include <vector>

#include "tests/integration/coherence/two_servers.h"

namespace gatehouse::tests {

// A change on one server, or a few in a row, and how the other one is seen to know.
struct CoherenceCase {
  // Whose changes these are, without the package: "UserService/UpdateUser".
  std::vector<std::string> methods;
  // What they do.
  std::string name;
  void (*prove)(TwoServers& servers);
};

// By what they change. The credentials and rights of which the other server has a verdict in
// memory; signing keys.
const std::vector<CoherenceCase>& CredentialCases();
// What proves who users are besides their passwords.
const std::vector<CoherenceCase>& FactorCases();
// What users do by a token that they were sent.
const std::vector<CoherenceCase>& TokenCases();
// Tenants, event types and subscriptions.
const std::vector<CoherenceCase>& CatalogueCases();
// Webhook endpoints that the other server delivers to.
const std::vector<CoherenceCase>& DeliveryCases();

// A change of what servers keep in the database alone.
struct StoredChange {
  // Here: the method and its request, in protobuf's text format, with `$user` and the like for ids.
  std::string method;
  std::string request;
  // There: what reads it. `$kept` is what `keeps` says.
  std::string read;
  std::string question;
  // What stands in the answer from the change on, and not before: a piece of its text, or the
  // reason of the error.
  std::string shows;
  // Instead: before, and not from the change on.
  bool gone = false;
  // A field of the change's answer: "user.id".
  std::string keeps = {};
};

// In their order, in one tenant: some are about what others have made.
const std::vector<StoredChange>& StoredChanges();
void ProveStoredChanges(TwoServers& servers);

// Methods whose names do not say that they only read and that have no case all the same, and why.
const std::map<std::string, std::string>& WithoutCase();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_COHERENCE_CASES_H_
