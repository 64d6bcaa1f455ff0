#ifndef GATEHOUSE_SERVICE_MAIN_AREA_STORAGE_AREA_H_
#define GATEHOUSE_SERVICE_MAIN_AREA_STORAGE_AREA_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "service/config/config.h"
#include "storage/alert/alert_destination_store.h"
#include "storage/alert/alert_store.h"
#include "storage/api_key/api_key_store.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/daily_partitions.h"
#include "storage/event_log/event_log.h"
#include "storage/event_log/event_store.h"
#include "storage/event_log/sequencer.h"
#include "storage/event_type/event_type_store.h"
#include "storage/log_feed.h"
#include "storage/log_signal.h"
#include "storage/mail/mail_store.h"
#include "storage/one_time_token/one_time_token_store.h"
#include "storage/passkey/passkey_store.h"
#include "storage/postgres/client/database.h"
#include "storage/replay/replay_store.h"
#include "storage/request/idempotency_store.h"
#include "storage/retention/retention_store.h"
#include "storage/role/role_store.h"
#include "storage/sealing_keys.h"
#include "storage/second_factor/second_factor_store.h"
#include "storage/server/server_store.h"
#include "storage/session/session_store.h"
#include "storage/signing_key/signing_key_store.h"
#include "storage/subscription/subscription_store.h"
#include "storage/tenant/tenant_store.h"
#include "storage/thread/thread_store.h"
#include "storage/user/user_store.h"
#include "storage/user_export/user_export_store.h"
#include "storage/user_import/user_import_store.h"
#include "storage/user_purge/user_purge_store.h"

namespace gatehouse::service {

// How a process with so many loops opens the database of these settings.
storage::postgres::DatabaseConfig DatabaseConfigOf(const config::DatabaseSettings& settings,
                                                   size_t loops);

// The same for connections that need a session to themselves.
storage::postgres::DatabaseConfig DirectConfigOf(const config::DatabaseSettings& settings);

// The database and everything that speaks SQL.
struct StorageArea {
  // Opens the database; does not wait for a connection. `keys` seal the secrets of webhooks and of
  // second factors at rest. `direct`: of the sequencer's connection, if it differs.
  static absl::StatusOr<std::unique_ptr<StorageArea>> Open(
      storage::postgres::DatabaseConfig config, storage::SealingKeys keys,
      std::vector<base::Loop*> loops,
      std::optional<storage::postgres::DatabaseConfig> direct = std::nullopt);

  // Waits for what is in flight, ends every connection. While the loops run.
  void Close();

  // Names this process to the others on the same database; another one at each
  // start.
  const std::string instance;
  std::unique_ptr<storage::LogSignal> signal;
  storage::LogFeed feed;
  std::unique_ptr<storage::postgres::Database> database;
  // The sequencer's lock stays with the one connection of its passes.
  std::unique_ptr<storage::postgres::Database> sequencer_database;
  storage::IdempotencyStore requests;
  storage::UserStore users;
  storage::UserImportStore user_imports;
  storage::UserPurgeStore user_purges;
  storage::UserExportStore user_exports;
  storage::OneTimeTokenStore one_time_tokens;
  storage::SecondFactorStore second_factors;
  storage::PasskeyStore passkeys;
  storage::RoleStore roles;
  storage::ApiKeyStore api_keys;
  storage::SessionStore sessions;
  storage::ThreadStore threads;
  storage::SigningKeyStore signing_keys;
  storage::TenantStore tenants;
  storage::ServerStore server;
  storage::EventStore events;
  storage::EventTypeStore event_types;
  storage::EventLog log;
  storage::DailyPartitions partitions;
  storage::Sequencer sequencer;
  storage::EndpointStore endpoints;
  storage::DeliveryStore deliveries;
  storage::ReplayStore replays;
  storage::SubscriptionStore subscriptions;
  storage::AlertStore alerts;
  storage::RetentionStore retention;
  storage::AlertDestinationStore alert_destinations;
  storage::MailStore mails;

 private:
  StorageArea(std::unique_ptr<storage::LogSignal> opened_signal,
              std::unique_ptr<storage::postgres::Database> opened,
              std::unique_ptr<storage::postgres::Database> opened_for_sequencer,
              storage::SealingKeys keys, std::vector<base::Loop*> loops);
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_AREA_STORAGE_AREA_H_
