#include "tests/support/postgres/migrated_database.h"

#include <cstdio>
#include <cstdlib>

#include "migrations/embedded_migrations.h"
#include "migrations/migrator.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::tests {
namespace {

constexpr char kTemplate[] = "migrated";

bool MakeTemplate(PostgresCluster& cluster) {
  ExecuteSql(cluster.Dsn("postgres"), std::string("CREATE DATABASE ") + kTemplate);
  auto migrator =
      migrations::Migrator::Open(cluster.Dsn(kTemplate), migrations::kEmbeddedMigrations);
  const absl::Status status = migrator.ok() ? (*migrator)->Up().status() : migrator.status();
  if (!status.ok()) {
    std::fprintf(stderr, "migrations: %s\n", status.ToString().c_str());
    std::abort();
  }
  return true;
}

}  // namespace

std::string CreateMigratedDatabase() {
  PostgresCluster& cluster = PostgresCluster::Shared();
  [[maybe_unused]] static const bool made = MakeTemplate(cluster);
  return cluster.CreateDatabase(kTemplate);
}

}  // namespace gatehouse::tests
