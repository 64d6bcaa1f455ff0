// Every statement against the schema as it is, and the plans of those that must go
// along an index.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "storage/postgres/client/query.h"
#include "storage/postgres/queries/api_key/api_key_queries.h"
#include "storage/postgres/queries/delivery/delivery_queries.h"
#include "storage/postgres/queries/endpoint/endpoint_queries.h"
#include "storage/postgres/queries/event/event_queries.h"
#include "storage/postgres/queries/event_log/event_log_queries.h"
#include "storage/postgres/queries/request/request_queries.h"
#include "storage/postgres/queries/role/role_queries.h"
#include "storage/postgres/queries/session/session_queries.h"
#include "storage/postgres/queries/signing_key/signing_key_queries.h"
#include "storage/postgres/queries/user/user_queries.h"
#include "tests/support/postgres/migrated_database.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

namespace queries = storage::postgres::queries;
using storage::postgres::Query;
using testing::HasSubstr;
using testing::Not;

class QueriesTest : public testing::Test {
 protected:
  void Prepare(std::span<const Query> all) {
    for (const Query& query : all) {
      SCOPED_TRACE(std::string(query.name));
      // Ends the program with Postgres's words if a table, column or type is wrong.
      ExecuteSql(dsn_,
                 "SET search_path = gatehouse; PREPARE statement AS " + std::string(query.text));
    }
  }

  // Enough users for plans to be those of a server in use.
  void AddUsers() {
    ExecuteSql(dsn_,
               "INSERT INTO gatehouse.user_account (tenant_id, user_id, username, username_key, "
               "email, email_key, first_name, last_name, bio, avatar_url, timezone, locale, "
               "metadata, role, state, epoch, create_time, update_time, version) "
               "SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'u' || i, "
               "'u' || i, 'e' || i, 'e' || i, '', '', '', '', '', '', '{}', "
               "(ARRAY['admin', 'analyst', 'viewer'])[1 + i % 3], 1 + i % 2, 1, "
               "now() - i * interval '1 s', now(), 1 FROM generate_series(1, 5000) i; "
               "INSERT INTO gatehouse.api_key (tenant_id, api_key_id, display_name, key_prefix, "
               "key_hash, permissions, create_time) "
               "SELECT '00000000-0000-7000-8000-000000000001', gen_random_uuid(), 'k', 'p', "
               "sha256(i::text::bytea), '{}', now() FROM generate_series(1, 2000) i; "
               "ANALYZE gatehouse.user_account, gatehouse.api_key");
  }

  // The plan that a prepared statement is run by.
  std::string Plan(const Query& query, const std::string& types, const std::string& values) {
    const std::string explain =
        "SET plan_cache_mode = force_generic_plan; "
        "PREPARE statement" +
        (types.empty() ? "" : "(" + types + ")") + " AS " + std::string(query.text) +
        "; DO $$ DECLARE line text; plan text := ''; BEGIN "
        "FOR line IN EXECUTE 'EXPLAIN EXECUTE statement(" +
        values +
        ")' LOOP plan := plan || line || E'\\n'; END LOOP; "
        "CREATE TABLE IF NOT EXISTS public.plan (text text); DELETE FROM public.plan; "
        "INSERT INTO public.plan VALUES (plan); END $$";
    ExecuteSql(dsn_, explain);
    return AskSql(dsn_, "SELECT text FROM public.plan");
  }

  const std::string dsn_ = CreateMigratedDatabase();
};

constexpr char kTenant[] = "''00000000-0000-7000-8000-000000000001''";
constexpr char kId[] = "''00000000-0000-7000-8000-000000000002''";

TEST_F(QueriesTest, EveryStatementFitsTheSchema) {
  Prepare(queries::user::kAll);
  Prepare(queries::api_key::kAll);
  Prepare(queries::request::kAll);
  Prepare(queries::role::kAll);
  Prepare(queries::session::kAll);
  Prepare(queries::event::kAll);
  Prepare(queries::signing_key::kAll);
  Prepare(queries::event_log::kAll);
  Prepare(queries::endpoint::kAll);
  Prepare(queries::delivery::kAll);
}

TEST_F(QueriesTest, UsersAreFoundByIndex) {
  AddUsers();
  const std::string tenant = kTenant;
  const std::string id = kId;
  EXPECT_THAT(Plan(queries::user::kGet, "uuid, uuid", tenant + "," + id),
              HasSubstr("Index Scan using user_account_pkey"));
  EXPECT_THAT(Plan(queries::user::kGetByUsername, "uuid, text", tenant + ", ''a''"),
              HasSubstr("Index Scan using user_account_username"));
  EXPECT_THAT(Plan(queries::user::kGetByEmail, "uuid, text", tenant + ", ''a''"),
              HasSubstr("Index Scan using user_account_email"));
  const std::string credentials =
      Plan(queries::user::kGetCredentials, "uuid, text", tenant + ", ''a''");
  EXPECT_THAT(credentials, HasSubstr("user_account_username"));
  EXPECT_THAT(credentials, HasSubstr("user_account_email"));
  EXPECT_THAT(Plan(queries::api_key::kFindLive, "uuid, bytea, timestamptz, timestamptz",
                   tenant + ", ''x'', now(), now()"),
              HasSubstr("api_key_hash"));
}

TEST_F(QueriesTest, ListsGoAlongAnIndexAndSortNothing) {
  AddUsers();
  struct Case {
    Query query;
    const char* types;
    std::string values;
    const char* index;
  };
  const std::string by_time = std::string(kTenant) + ", now(), " + kId + ", false, 10";
  const std::string by_key = std::string(kTenant) + ", '''', ''a'', ''b'', 10, null, null";
  constexpr char kTimeTypes[] = "uuid, timestamptz, uuid, boolean, bigint";
  constexpr char kRoleTypes[] = "uuid, timestamptz, uuid, boolean, bigint, text, integer";
  constexpr char kStateTypes[] = "uuid, timestamptz, uuid, boolean, bigint, integer";
  constexpr char kKeyTypes[] = "uuid, text, text, text, bigint, text, integer";
  const Case cases[] = {
      {queries::user::kListDescending, kTimeTypes, by_time, "user_account_create_time"},
      {queries::user::kListAscending, kTimeTypes, by_time, "user_account_create_time"},
      {queries::user::kListRoleDescending, kRoleTypes, by_time + ", ''viewer'', null",
       "user_account_role"},
      {queries::user::kListRoleAscending, kRoleTypes, by_time + ", ''viewer'', null",
       "user_account_role"},
      {queries::user::kListStateDescending, kStateTypes, by_time + ", 2", "user_account_state"},
      {queries::user::kListStateAscending, kStateTypes, by_time + ", 2", "user_account_state"},
      {queries::user::kListByUsername, kKeyTypes, by_key, "user_account_username"},
      {queries::user::kListByEmail, kKeyTypes, by_key, "user_account_email"},
      {queries::api_key::kList, "uuid, uuid, boolean, timestamptz, bigint",
       std::string(kTenant) + ", " + kId + ", true, now(), 10", "api_key_pkey"},
  };
  for (const Case& test : cases) {
    const std::string plan = Plan(test.query, test.types, test.values);
    EXPECT_THAT(plan, HasSubstr(test.index)) << test.query.name;
    EXPECT_THAT(plan, Not(HasSubstr("Sort"))) << test.query.name << "\n" << plan;
    EXPECT_THAT(plan, Not(HasSubstr("Seq Scan"))) << test.query.name << "\n" << plan;
  }
}

}  // namespace
}  // namespace gatehouse::tests
