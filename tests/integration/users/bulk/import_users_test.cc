#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "auth/second_factor/totp.h"
#include "service/bulk/importer.h"
#include "storage/postgres/admin/connection.h"
#include "storage/second_factor/second_factor.h"
#include "tests/integration/users/bulk/bulk_fixture.h"

namespace gatehouse::tests {
namespace {

using ::testing::HasSubstr;

class ImportUsersTest : public BulkFixture {
 protected:
  std::string HashOf(const std::string& username) {
    return Ask("SELECT coalesce(password_hash, '') FROM gatehouse.user_account WHERE username = '" +
               username + "'");
  }
  static std::vector<std::string> Reasons(const v1::ImportUsersResponse& response) {
    std::vector<std::string> reasons;
    for (const v1::ImportFailure& failure : response.failures()) {
      reasons.push_back(std::to_string(failure.row()) + " " + failure.reason());
    }
    return reasons;
  }
};

TEST_F(ImportUsersTest, BringsUsersWithAllTheyHad) {
  v1::ImportedUser row = Row("ada", kBcrypt);
  v1::User& user = *row.mutable_user();
  user.set_email("Ada@Example.com");
  user.set_first_name("Ada");
  user.set_role("analyst");
  user.set_state(v1::USER_STATE_DISABLED);
  user.mutable_create_time()->set_seconds(1'500'000'000);
  user.mutable_email_verified_time()->set_seconds(1'500'000'100);
  user.mutable_last_login_time()->set_seconds(1'600'000'000);
  (*user.mutable_metadata()->mutable_fields())["plan"].set_string_value("gold");
  row.set_user_id("0190d1f0-0000-7000-8000-00000000000a");
  const v1::ImportUsersResponse response = Take(Batch({row, Row("bob")}));
  EXPECT_EQ(response.created_count(), 2);
  EXPECT_EQ(response.next_row(), 2);
  EXPECT_THAT(Reasons(response), ::testing::ElementsAre());
  const v1::User got = Get(admin(), row.user_id()).response.user();
  EXPECT_EQ(got.email(), "Ada@Example.com");
  EXPECT_EQ(got.role(), "analyst");
  EXPECT_EQ(got.state(), v1::USER_STATE_DISABLED);
  EXPECT_EQ(got.create_time().seconds(), 1'500'000'000);
  EXPECT_EQ(got.email_verified_time().seconds(), 1'500'000'100);
  EXPECT_EQ(got.last_login_time().seconds(), 1'600'000'000);
  EXPECT_EQ(got.metadata().fields().at("plan").string_value(), "gold");
  EXPECT_EQ(HashOf("ada"), kBcrypt);
  EXPECT_EQ(HashOf("bob"), "");
}

TEST_F(ImportUsersTest, EachHasItsEventInTheTransactionOfAll) {
  Take(Batch({Row("ada"), Row("bob")}));
  EXPECT_EQ(Ask("SELECT string_agg(e.details::text || (e.xid = x.xid), ' ' ORDER BY u.username) "
                "FROM gatehouse.event e, gatehouse.user_account u, "
                "(SELECT min(xid::text)::xid8 AS xid FROM gatehouse.event "
                "WHERE type = 'user.created') x "
                "WHERE e.type = 'user.created' AND u.user_id::text = e.targets -> 0 ->> 'id' "
                "AND u.xmin::text = e.xid::text"),
            "{\"role\": \"viewer\", \"imported\": true}true "
            "{\"role\": \"viewer\", \"imported\": true}true");
}

// One for the rows, of 500 as of one.
TEST_F(ImportUsersTest, ABatchCostsOneRoundTrip) {
  std::vector<v1::ImportedUser> rows;
  for (int i = 0; i < 500; ++i) {
    rows.push_back(Row("user" + std::to_string(i), kBcrypt));
    rows.back().mutable_user()->set_email("user" + std::to_string(i) + "@example.com");
  }
  Take(Batch({Row("first")}));
  const uint64_t before = backend().round_trips();
  EXPECT_EQ(Take(Batch(rows)).created_count(), 500);
  EXPECT_EQ(backend().round_trips() - before, 1u);
}

// Postgres has room for some thousand locks, of all its connections together.
TEST_F(ImportUsersTest, ABatchTakesFewLocksHoweverManyNamesItHas) {
  Ask("CREATE TABLE public.noted (locks bigint)");
  Ask("CREATE FUNCTION public.note_locks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "INSERT INTO public.noted SELECT count(*) FROM pg_locks "
      "WHERE locktype = 'advisory' AND pid = pg_backend_pid(); RETURN NULL; END $$");
  Ask("CREATE TRIGGER note_locks AFTER INSERT ON gatehouse.user_account "
      "FOR EACH STATEMENT EXECUTE FUNCTION public.note_locks()");
  std::vector<v1::ImportedUser> rows;
  for (int i = 0; i < 50; ++i) {
    rows.push_back(Row("user" + std::to_string(i) + "@example.com"));
    rows.back().mutable_user()->set_email("mail" + std::to_string(i) + "@example.com");
  }
  EXPECT_EQ(Take(Batch(rows)).created_count(), 50);
  EXPECT_EQ(Ask("SELECT max(locks) FROM public.noted"), "1");
}

TEST_F(ImportUsersTest, NobodyTakesANameOfABatchMeanwhile) {
  const auto holder = *storage::postgres::admin::Connection::Open(backend().dsn);
  ASSERT_TRUE(
      holder->Execute("BEGIN; LOCK TABLE gatehouse.user_account IN SHARE MODE").status().ok());
  const auto waiting = [this] {
    return Ask(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'");
  };
  auto import =
      std::async(std::launch::async, [&] { return Take(Batch({Row("ada@example.com")})); });
  while (waiting() != "1") std::this_thread::yield();
  auto creation = std::async(std::launch::async, [&] {
    v1::CreateUserRequest request = NewUser("grace");
    request.mutable_user()->set_email("ada@example.com");
    return Call<v1::CreateUserResponse>(admin(), request);
  });
  while (waiting() != "2") std::this_thread::yield();
  ASSERT_TRUE(holder->Execute("COMMIT").status().ok());
  EXPECT_EQ(import.get().created_count(), 1);
  EXPECT_EQ(creation.get().reason(), "EMAIL_TAKEN");
}

TEST_F(ImportUsersTest, RowsThatCannotBeTakenDoNotKeepOthersFromIt) {
  Create("taken");
  v1::CreateUserRequest with_email = NewUser("somebody");
  with_email.mutable_user()->set_email("some@example.com");
  const v1::User somebody = Create(with_email);
  v1::ImportedUser taken_email = Row("carl");
  taken_email.mutable_user()->set_email("SOME@example.com");
  v1::ImportedUser taken_id = Row("dora");
  taken_id.set_user_id(somebody.id());
  v1::ImportedUser email_as_name = Row("some@example.com");
  v1::ImportedUser bad = Row("", "$9$what");
  bad.mutable_user()->set_timezone("Mars/Base");
  v1::ImportedUser no_role = Row("emil");
  no_role.mutable_user()->set_role("gardener");
  v1::ImportedUser future = Row("fred");
  future.mutable_user()->mutable_create_time()->set_seconds(4'000'000'000);
  v1::ImportedUser unverifiable = Row("gina");
  unverifiable.mutable_user()->mutable_email_verified_time()->set_seconds(1);
  const v1::ImportUsersResponse response =
      Take(Batch({Row("ada"), Row("TAKEN"), taken_email, taken_id, email_as_name, bad, no_role,
                  Row("Ada"), future, unverifiable, Row("zoe")}));
  EXPECT_EQ(response.created_count(), 2);
  EXPECT_EQ(response.next_row(), 11);
  EXPECT_THAT(Reasons(response),
              ::testing::ElementsAre("1 USERNAME_TAKEN", "2 EMAIL_TAKEN", "3 ID_TAKEN",
                                     "4 USERNAME_TAKEN", "5 INVALID_FIELD", "6 ROLE_NOT_FOUND",
                                     "7 USERNAME_TAKEN", "8 INVALID_FIELD", "9 INVALID_FIELD"));
  std::vector<std::string> fields;
  for (const v1::ImportFieldViolation& violation : response.failures(4).violations()) {
    fields.push_back(violation.field());
  }
  EXPECT_THAT(fields, ::testing::ElementsAre("user.username", "user.timezone", "password_hash"));
  EXPECT_EQ(Ask("SELECT string_agg(username, ' ' ORDER BY username) FROM gatehouse.user_account "
                "WHERE username IN ('ada', 'zoe', 'carl', 'dora', 'emil', 'fred', 'gina')"),
            "ada zoe");
}

// One may log in by either.
TEST_F(ImportUsersTest, NobodysNameIsAnothersAddressWithinABatchEither) {
  v1::ImportedUser ada = Row("ada");
  ada.mutable_user()->set_email("ada@example.com");
  v1::ImportedUser own = Row("bob@example.com");
  own.mutable_user()->set_email("bob@example.com");
  const v1::ImportUsersResponse response = Take(Batch({ada, Row("ADA@example.com"), own}));
  EXPECT_THAT(Reasons(response), ::testing::ElementsAre("1 USERNAME_TAKEN"));
  EXPECT_EQ(response.created_count(), 2);
}

TEST_F(ImportUsersTest, RefusesHashesBeyondTheBoundsByTheirReason) {
  const v1::ImportUsersResponse response =
      Take(Batch({Row("ada", "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
                  Row("bob", "$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q"),
                  Row("eve", "5f4dcc3b5aa765d61d8327deb882cf99")}));
  EXPECT_THAT(Reasons(response),
              ::testing::ElementsAre("0 PASSWORD_HASH_UNSUPPORTED", "1 PASSWORD_HASH_UNSUPPORTED",
                                     "2 PASSWORD_HASH_UNSUPPORTED"));
  EXPECT_EQ(response.created_count(), 0);
}

TEST_F(ImportUsersTest, ALoginReplacesTheHash) {
  Take(Batch({Row("ada", kBcrypt)}));
  EXPECT_EQ(LogIn("ada", kOther).reason(), "LOGIN_FAILED");
  EXPECT_EQ(HashOf("ada"), kBcrypt);
  ASSERT_TRUE(LogIn("ada", kPassword).ok());
  EXPECT_THAT(HashOf("ada"), ::testing::StartsWith("$argon2id$v=19$m=64,t=1,p=1$"));
  ASSERT_TRUE(LogIn("ada", kPassword).ok());
  EXPECT_EQ(LogIn("ada", kOther).reason(), "LOGIN_FAILED");
}

// The second step of such a login has no password.
TEST_F(ImportUsersTest, ALoginWithASecondFactorReplacesItAsWell) {
  Take(Batch({Row("ada", kBcrypt)}));
  Caller ada = LoggedIn("ada");
  v1::EnrollTotpRequest enroll;
  enroll.set_current_password(kPassword);
  ASSERT_TRUE(Call<v1::EnrollTotpResponse>(ada, enroll).ok());
  const auto factor =
      *backend().runner.Run<absl::StatusOr<std::optional<storage::TotpFactor>>>([&] {
        return backend().storage->second_factors.Get(backend().SystemContext(),
                                                     base::kDefaultTenantId, ada.id);
      });
  v1::ConfirmTotpRequest confirm;
  confirm.set_code(auth::TotpCode(factor->secret, auth::TotpStep(clock().Now())));
  ASSERT_TRUE(Call<v1::ConfirmTotpResponse>(ada, confirm).ok());
  Ask("UPDATE gatehouse.user_account SET password_hash = '" + std::string(kBcrypt) +
      "' WHERE username = 'ada' RETURNING 1");

  EXPECT_EQ(LogIn("ada", kOther).reason(), "LOGIN_FAILED");
  EXPECT_EQ(HashOf("ada"), kBcrypt);
  const auto login = LogIn("ada", kPassword);
  ASSERT_TRUE(login.ok()) << login.message;
  EXPECT_TRUE(login.response.has_challenge());
  EXPECT_THAT(HashOf("ada"), ::testing::StartsWith("$argon2id$"));
  EXPECT_EQ(Ask("SELECT details::text || (actor_id = targets -> 0 ->> 'id') FROM gatehouse.event "
                "WHERE type = 'user.password_upgraded'"),
            "{\"to\": \"argon2id\", \"from\": \"bcrypt\"}true");
  EXPECT_TRUE(LogIn("ada", kPassword).ok());
  EXPECT_EQ(CountEvents("user.password_upgraded"), "1") << "and once is enough";
}

TEST_F(ImportUsersTest, GoesOnWhereItStood) {
  const Imported first =
      Import({Batch({Row("a"), Row("b")}, "crm"), Batch({Row("c")}, "crm")}, admin());
  ASSERT_TRUE(first.outcome.ok()) << first.outcome.message;
  EXPECT_EQ(first.responses.at(1).next_row(), 3);
  // Where does it stand?
  EXPECT_EQ(Take(Batch({}, "crm")).next_row(), 3);
  EXPECT_EQ(Take(Batch({}, "another")).next_row(), 0);
  // The file from its beginning: what is done is not done again.
  const v1::ImportUsersResponse again =
      Take(Batch({Row("a"), Row("b"), Row("c"), Row("d"), Row("a")}, "crm"));
  EXPECT_EQ(again.skipped_count(), 3);
  EXPECT_EQ(again.created_count(), 1);
  EXPECT_THAT(Reasons(again), ::testing::ElementsAre("4 USERNAME_TAKEN"));
  EXPECT_EQ(again.next_row(), 5);
  EXPECT_EQ(CountEvents("user.created"), "4");
  // Without a key a row that is there is taken.
  EXPECT_THAT(Reasons(Take(Batch({Row("a")}))), ::testing::ElementsAre("0 USERNAME_TAKEN"));
}

TEST_F(ImportUsersTest, RowsMayNotBeMissing) {
  Take(Batch({Row("a")}, "crm"));
  v1::ImportUsersRequest ahead = Batch({Row("c")}, "crm");
  ahead.set_first_row(2);
  const Imported imported = Import(ahead);
  EXPECT_EQ(imported.outcome.reason(), "INVALID_FIELD");
  EXPECT_THAT(imported.outcome.message, HasSubstr("go on with row 1"));
  EXPECT_EQ(CountEvents("user.created"), "1");
}

// Also if all of them are refused: the import moves on.
TEST_F(ImportUsersTest, ABatchWithoutAGoodRowMovesTheImport) {
  EXPECT_EQ(Take(Batch({Row("")}, "crm")).next_row(), 1);
  EXPECT_EQ(Take(Batch({}, "crm")).next_row(), 1);
}

TEST_F(ImportUsersTest, TwoImportsOfOneKeyDoNotDoARowTwice) {
  const auto first = raw_client().Open("/gatehouse.v1.UserService/ImportUsers", As(admin()));
  std::string bytes;
  ASSERT_TRUE(first->Write(Batch({Row("a")}, "crm").SerializeAsString()));
  ASSERT_TRUE(first->Read(&bytes));
  // The other one goes ahead; the first does not know of it.
  EXPECT_EQ(Take(Batch({Row("a"), Row("b")}, "crm")).created_count(), 1);
  ASSERT_TRUE(first->Write(Batch({Row("b2")}, "crm").SerializeAsString()));
  EXPECT_FALSE(first->Read(&bytes));
  const CallOutcome outcome = first->Finish();
  EXPECT_EQ(outcome.reason(), "CONFLICT");
  EXPECT_THAT(outcome.message, HasSubstr("row 2"));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.user_account WHERE username = 'b2'"), "0");
}

TEST_F(ImportUsersTest, ValidateOnlyWritesNothing) {
  Create("taken");
  const std::string events = CountEvents("user.created");
  v1::ImportUsersRequest request = Batch({Row("a", kBcrypt), Row("taken"), Row("")}, "crm");
  request.set_validate_only(true);
  const v1::ImportUsersResponse response = Take(request);
  EXPECT_EQ(response.created_count(), 1);
  EXPECT_THAT(Reasons(response), ::testing::ElementsAre("1 USERNAME_TAKEN", "2 INVALID_FIELD"));
  EXPECT_EQ(CountEvents("user.created"), events);
  EXPECT_EQ(Take(Batch({}, "crm")).next_row(), 0);
}

TEST_F(ImportUsersTest, WhoMayNotReadUsersLearnsNothingByValidating) {
  Create("taken");
  const Caller writer = backend().MakeApiKey({"users.write"});
  v1::ImportUsersRequest request = Batch({Row("taken")}, "crm");
  request.set_validate_only(true);
  const Imported refused = Import({request}, writer);
  EXPECT_EQ(refused.outcome.reason(), "PERMISSION_DENIED");
  EXPECT_TRUE(refused.responses.empty());
  const Caller reader = backend().MakeApiKey({"users.read", "users.write"});
  EXPECT_THAT(Reasons(Import({request}, reader).responses.at(0)),
              ::testing::ElementsAre("0 USERNAME_TAKEN"));
  // In earnest it needs to write alone.
  EXPECT_EQ(Import({Batch({Row("ada")}, "crm")}, writer).responses.at(0).created_count(), 1);
}

TEST_F(ImportUsersTest, NobodyMakesUsersWhoMayDoMore) {
  v1::ImportedUser boss = Row("boss");
  boss.mutable_user()->set_role("admin");
  const Caller key = backend().MakeApiKey({"users.write"});
  const Imported imported = Import({Batch({boss, Row("ada")})}, key);
  ASSERT_TRUE(imported.outcome.ok()) << imported.outcome.message;
  EXPECT_THAT(Reasons(imported.responses.at(0)), ::testing::ElementsAre("0 PERMISSION_DENIED"));
  EXPECT_EQ(imported.responses.at(0).created_count(), 1);
  EXPECT_EQ(Import({Batch({Row("eve")})}, backend().LogIn("viewer")).outcome.reason(),
            "PERMISSION_DENIED");
}

TEST_F(ImportUsersTest, RefusesWhatIsNoBatch) {
  const std::vector<v1::ImportedUser> many(501, Row("a"));
  EXPECT_EQ(Import(Batch(many)).outcome.reason(), "INVALID_FIELD");
  EXPECT_EQ(Import(Batch({Row("a")}, std::string(129, 'k'))).outcome.reason(), "INVALID_FIELD");
  v1::ImportUsersRequest negative = Batch({Row("a")});
  negative.set_first_row(-1);
  EXPECT_EQ(Import(negative).outcome.reason(), "INVALID_FIELD");
  v1::ImportUsersRequest last = negative;
  last.set_first_row(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Import(last).outcome.reason(), "INVALID_FIELD");
  // A salt that Postgres does not take costs its row alone.
  const std::string nul("pbkdf2_sha256$1$a\0b$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c=", 64);
  const v1::ImportUsersResponse response = Take(Batch({Row("a", nul), Row("b")}));
  EXPECT_EQ(response.created_count(), 1);
  EXPECT_THAT(Reasons(response), ::testing::ElementsAre("0 PASSWORD_HASH_UNSUPPORTED"));
}

// Of another tenant it is another one.
TEST_F(ImportUsersTest, KeysAreTheTenantsOwn) {
  Take(Batch({Row("a")}, "crm"));
  const base::Uuid other = *base::Uuid::Parse("00000000-0000-7000-8000-000000000002");
  const Caller key = backend().MakeApiKey({"users.write"}, other);
  const Imported imported = Import({Batch({}, "crm"), Batch({Row("a")}, "crm")}, key);
  ASSERT_TRUE(imported.outcome.ok()) << imported.outcome.message;
  EXPECT_EQ(imported.responses.at(0).next_row(), 0);
  EXPECT_EQ(imported.responses.at(1).created_count(), 1);
}

class ImporterTest : public ImportUsersTest {
 protected:
  absl::StatusOr<service::ImportProgress> Run(const std::string& text, const std::string& key,
                                              bool validate_only = false) {
    failures_.clear();
    std::istringstream input(text);
    return service::Importer({.users = backend().services.users,
                              .loop = backend().runner.loop(),
                              .make_context = [this] { return backend().SystemContext(); },
                              .key = key,
                              .validate_only = validate_only,
                              .failed =
                                  [this](int64_t line, const v1::ImportFailure& failure) {
                                    failures_.push_back(std::to_string(line) + " " +
                                                        failure.reason());
                                  },
                              .progress = [](const service::ImportProgress&) {}})
        .Run(input);
  }

  std::vector<std::string> failures_;
};

TEST_F(ImporterTest, ReadsLinesOfJson) {
  const auto done =
      Run("{\"user\":{\"username\":\"ada\",\"email\":\"ada@example.com\"},\"passwordHash\":\"" +
              std::string(kBcrypt) + "\"}\n\n  \nnot json\n{\"user\":{\"username\":\"\"}}\n" +
              "{\"user\":{\"username\":\"zoe\"}}",
          "file");
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->rows, 4);
  EXPECT_EQ(done->created, 2);
  EXPECT_EQ(done->failed, 2);
  EXPECT_THAT(failures_, ::testing::ElementsAre("4 MALFORMED_REQUEST", "5 INVALID_FIELD"));
  EXPECT_TRUE(LogIn("ada@example.com", kPassword).ok());
}

TEST_F(ImporterTest, ASecondRunGoesOn) {
  std::string lines;
  const auto line = [](int i) {
    return "{\"user\":{\"username\":\"user" + std::to_string(i) + "\"}}\n";
  };
  for (int i = 0; i < 700; ++i) lines += line(i);
  ASSERT_TRUE(Run(lines, "file").ok());
  for (int i = 700; i < 1'100; ++i) lines += line(i);
  const auto done = Run(lines, "file");
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->skipped, 700);
  EXPECT_EQ(done->created, 400);
  EXPECT_EQ(done->failed, 0);
  EXPECT_EQ(CountEvents("user.created"), "1100");
}

TEST_F(ImporterTest, ValidatesWithoutWriting) {
  const auto done = Run("{\"user\":{\"username\":\"ada\"}}\n", "file", /*validate_only=*/true);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->created, 1);
  EXPECT_EQ(CountEvents("user.created"), "0");
}

TEST_F(ImporterTest, ValidatesAFileOfManyBatchesToItsEnd) {
  std::string file;
  for (int i = 0; i < 1'201; ++i) {
    file += "{\"user\":{\"username\":\"u" + std::to_string(i) + "\"}}\n";
  }
  const auto checked = Run(file, "file", /*validate_only=*/true);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->created, 1'201);
  EXPECT_EQ(checked->failed, 0);
  EXPECT_EQ(CountEvents("user.created"), "0");
  // And what an earlier run did is known to have been done.
  ASSERT_TRUE(Run(file.substr(0, file.find("u600")) + "u600\"}}\n", "file").ok());
  const auto rest = Run(file, "file", /*validate_only=*/true);
  ASSERT_TRUE(rest.ok()) << rest.status();
  EXPECT_EQ(rest->skipped, 601);
  EXPECT_EQ(rest->created, 600);
}

}  // namespace
}  // namespace gatehouse::tests
