#ifndef GATEHOUSE_TESTS_INTEGRATION_USERS_BULK_BULK_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_USERS_BULK_BULK_FIXTURE_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/system_context.h"
#include "gatehouse/v1/user.pb.h"
#include "service/user/bulk/user_purger.h"
#include "storage/event_log/sequencer.h"
#include "tests/integration/users/password_fixture.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {

// Users who are brought in, taken out and forgotten.
class BulkFixture : public PasswordFixture {
 protected:
  // "correct horse battery" by bcrypt.
  static constexpr char kBcrypt[] = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";

  static v1::ImportedUser Row(const std::string& username, const std::string& hash = "") {
    v1::ImportedUser row;
    row.mutable_user()->set_username(username);
    row.set_password_hash(hash);
    return row;
  }

  static v1::ImportUsersRequest Batch(const std::vector<v1::ImportedUser>& rows,
                                      const std::string& key = "") {
    v1::ImportUsersRequest request;
    request.set_import_key(key);
    for (const v1::ImportedUser& row : rows) *request.add_users() = row;
    return request;
  }

  static CallOptions As(const Caller& caller) {
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    return options;
  }

  struct Imported {
    std::vector<v1::ImportUsersResponse> responses;
    CallOutcome outcome;
  };
  // Sends the messages, one after the other's answer.
  Imported Import(const std::vector<v1::ImportUsersRequest>& requests, const Caller& caller) {
    Imported imported;
    const auto stream = raw_client().Open("/gatehouse.v1.UserService/ImportUsers", As(caller));
    std::string bytes;
    for (const v1::ImportUsersRequest& request : requests) {
      if (!stream->Write(request.SerializeAsString()) || !stream->Read(&bytes)) break;
      imported.responses.emplace_back().ParseFromString(bytes);
    }
    stream->WritesDone();
    imported.outcome = stream->Finish();
    return imported;
  }
  Imported Import(const v1::ImportUsersRequest& request) { return Import({request}, admin()); }
  // Of one message; the test fails if it is not taken.
  v1::ImportUsersResponse Take(const v1::ImportUsersRequest& request) {
    const Imported imported = Import(request);
    EXPECT_TRUE(imported.outcome.ok()) << imported.outcome.message;
    return imported.responses.empty() ? v1::ImportUsersResponse() : imported.responses[0];
  }

  v1::User Deleted(const v1::User& user) {
    v1::DeleteUserRequest request;
    request.set_user_id(user.id());
    const auto outcome = Call<v1::DeleteUserResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.user();
  }

  // Gives events their places in the log, as a server does all the time.
  void Sequence() {
    const auto pass = backend().runner.Run<absl::StatusOr<storage::SequencerPass>>([this] {
      return backend().storage->sequencer.RunPass(backend().SystemContext(), 100'000);
    });
    EXPECT_TRUE(pass.ok()) << pass.status();
  }

  // A turn of it; how many users nothing is left of since.
  int64_t RunPurger() {
    using Turn = absl::StatusOr<service::UserPurgeTurn>;
    const Turn turn = backend().runner.Run<Turn>([this] {
      return service::PurgeUsers(
          {.purges = backend().storage->user_purges,
           .users = backend().storage->users,
           .api_keys = backend().storage->api_keys,
           .threads = backend().storage->threads,
           .clock = clock()},
          base::SystemContext(backend().runner.loop(), "purge_users", std::chrono::minutes(1)));
    });
    EXPECT_TRUE(turn.ok()) << turn.status();
    return turn.ok() ? turn->users : -1;
  }

  std::string Count(const std::string& table, const std::string& user_id) {
    return Ask("SELECT count(*) FROM gatehouse." + table + " WHERE user_id = '" + user_id + "'");
  }
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_USERS_BULK_BULK_FIXTURE_H_
