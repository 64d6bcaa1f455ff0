#include "migrations/drift.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "migrations/migrator.h"
#include "migrations/queries/migration_queries.h"

namespace gatehouse::migrations {
namespace {

namespace queries = migrations::queries;
using storage::postgres::admin::Connection;

constexpr char kInsufficientPrivilege[] = "42501";

// A database that goes away with this object.
class ScratchDatabase {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchDatabase>> Create(const std::string& dsn,
                                                                 const std::string& password_file) {
    GH_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                        Connection::Open(dsn, {.application_name = "gatehouse migrate verify",
                                               .password_file = password_file}));
    std::string name = "gatehouse_verify_" + base::HexEncode(base::RandomBytes(8));
    absl::Status status =
        connection->Execute("CREATE DATABASE " + name + " TEMPLATE template0").status();
    if (!status.ok() && connection->last_sqlstate() == kInsufficientPrivilege) {
      return absl::PermissionDeniedError(
          "to compare, verify builds the schema anew in a temporary database, and this user may "
          "not create one: grant it CREATEDB, or name another server with --scratch-dsn");
    }
    GH_RETURN_IF_ERROR(status);
    return std::unique_ptr<ScratchDatabase>(
        new ScratchDatabase(std::move(connection), std::move(name)));
  }

  ~ScratchDatabase() {
    (void)connection_->Execute("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  }
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;

  const std::string& name() const { return name_; }

 private:
  ScratchDatabase(std::unique_ptr<Connection> connection, std::string name)
      : connection_(std::move(connection)), name_(std::move(name)) {}

  std::unique_ptr<Connection> connection_;
  std::string name_;
};

std::string Label(const CatalogEntry& entry) {
  return entry.kind == "relation" ? entry.object : absl::StrCat(entry.object, ": ", entry.kind);
}

using Key = std::pair<std::string, std::string>;

std::map<Key, const CatalogEntry*> ByKey(const std::vector<CatalogEntry>& entries) {
  std::map<Key, const CatalogEntry*> result;
  for (const CatalogEntry& entry : entries) result[{entry.object, entry.kind}] = &entry;
  return result;
}

}  // namespace

absl::StatusOr<std::vector<CatalogEntry>> DumpCatalog(Connection& connection) {
  GH_RETURN_IF_ERROR(connection.Execute("BEGIN READ ONLY; SET LOCAL search_path = ''").status());
  auto rows = connection.Query(queries::kDumpCatalog.text, {});
  GH_RETURN_IF_ERROR(connection.Execute("ROLLBACK").status());
  GH_RETURN_IF_ERROR(rows.status());
  std::vector<CatalogEntry> entries;
  for (const Connection::Row& row : *rows) {
    entries.push_back({.object = row[0].value_or(""),
                       .kind = row[1].value_or(""),
                       .definition = row[2].value_or(""),
                       .of_partition = row[3] == "t"});
  }
  return entries;
}

absl::StatusOr<std::vector<CatalogEntry>> DumpFreshCatalog(const std::string& dsn,
                                                           const std::string& password_file,
                                                           std::span<const Migration> migrations) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<ScratchDatabase> database,
                      ScratchDatabase::Create(dsn, password_file));
  MigratorOptions options;
  options.database = database->name();
  options.password_file = password_file;
  GH_ASSIGN_OR_RETURN(std::unique_ptr<Migrator> migrator,
                      Migrator::Open(dsn, migrations, std::move(options)));
  GH_RETURN_IF_ERROR(migrator->Up().status());
  return DumpCatalog(migrator->connection());
}

std::vector<std::string> CompareCatalogs(const std::vector<CatalogEntry>& fresh,
                                         const std::vector<CatalogEntry>& live) {
  std::map<Key, const CatalogEntry*> expected = ByKey(fresh);
  std::map<Key, const CatalogEntry*> found = ByKey(live);
  std::set<std::string> expected_objects;
  for (const CatalogEntry& entry : fresh) expected_objects.insert(entry.object);

  std::vector<std::string> differences;
  for (const auto& [key, entry] : expected) {
    auto it = found.find(key);
    if (it == found.end()) {
      differences.push_back(absl::StrCat("missing: ", Label(*entry), " = ", entry->definition));
    } else if (it->second->definition != entry->definition) {
      differences.push_back(absl::StrCat("different: ", Label(*entry), " is ",
                                         it->second->definition, ", should be ",
                                         entry->definition));
    }
  }
  for (const auto& [key, entry] : found) {
    if (expected.contains(key)) continue;
    if (entry->of_partition && !expected_objects.contains(entry->object)) continue;
    differences.push_back(absl::StrCat("unexpected: ", Label(*entry), " = ", entry->definition));
  }
  return differences;
}

}  // namespace gatehouse::migrations
