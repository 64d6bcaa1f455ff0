#ifndef GATEHOUSE_SERVICE_DEV_DEV_DATABASE_H_
#define GATEHOUSE_SERVICE_DEV_DEV_DATABASE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/config/secrets.h"
#include "storage/postgres/embedded/data_dir.h"
#include "storage/postgres/embedded/embedded_postgres.h"

namespace gatehouse::service {

// What `gatehouse dev` stands on instead of settings: a data directory with secrets of its own and
// a private Postgres at the current schema version.
//
// Owned by the composition root, which stops everything that uses the database before it destroys
// this. Opening and stopping block their thread; not a loop's.
class DevDatabase {
 public:
  // `data_dir` "": the user's default. Makes what is missing, migrates what is older. Errors say
  // what to do; SCHEMA_MISMATCH for a directory of a newer Gatehouse. `progress` is told of what
  // takes long, on this thread and, when Postgres dies, on another.
  static absl::StatusOr<std::unique_ptr<DevDatabase>> Open(
      const std::string& data_dir, std::function<void(std::string_view)> progress);

  const std::string& dsn() const { return postgres_->dsn(); }
  const config::Secrets& secrets() const { return secrets_; }
  const std::string& data_dir() const { return dir_.path(); }
  // Whether the demo users were made in it. They are made once: who was renamed or deleted since
  // does not come back with a password that everybody knows.
  bool has_demo_users() const { return dir_.HasDemoUsers(); }
  absl::Status NoteDemoUsers() const { return dir_.NoteDemoUsers(); }

  // Stops Postgres; destruction does too.
  void Stop() { postgres_->Stop(); }

 private:
  DevDatabase(storage::postgres::embedded::DataDir dir, config::Secrets secrets)
      : dir_(std::move(dir)), secrets_(std::move(secrets)) {}

  storage::postgres::embedded::DataDir dir_;
  config::Secrets secrets_;
  std::unique_ptr<storage::postgres::embedded::EmbeddedPostgres> postgres_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_DEV_DEV_DATABASE_H_
