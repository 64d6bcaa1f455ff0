#ifndef GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_AUDIT_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_AUDIT_FIXTURE_H_

#include <chrono>
#include <memory>
#include <string>

#include "gatehouse/v1/audit.pb.h"
#include "service/audit/audit_service.h"
#include "service/audit/register_audit_service.h"
#include "service/event_log/sequencer_worker.h"
#include "storage/event_log/event_log.h"
#include "storage/event_log/sequencer.h"
#include "storage/event_log/sequencer_database.h"
#include "storage/log_feed.h"
#include "storage/postgres/client/database.h"
#include "tests/support/postgres/patient_database.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {

// The audit service on a server with the real chain. Events get their index when a test
// says so: by RunPass, or from worker_->Start() on by themselves.
class AuditFixture : public ServerFixture {
 protected:
  void AddServices(rpc::MethodRegistry& registry) override {
    TestBackend& b = backend();
    sequencer_database_ = *storage::OpenSequencerDatabase(PatientConfig(b.dsn), b.runner.loop());
    sequencer_ = std::make_unique<storage::Sequencer>(*sequencer_database_, "test");
    worker_ = std::make_unique<service::SequencerWorker>(b.runner.loop(), *sequencer_, b.log_signal,
                                                         feed_);
    log_database_ = *storage::postgres::Database::Open(LogDatabase(), {&b.runner.loop()});
    log_ = std::make_unique<storage::EventLog>(*log_database_);
    audit_ = std::make_unique<service::AuditService>(
        service::AuditService::Deps{.events = b.events,
                                    .log = *log_,
                                    .feed = feed_,
                                    .once = b.once,
                                    .page_tokens = b.page_tokens,
                                    .clock = b.clock,
                                    .recheck_interval = recheck_interval(),
                                    .max_asking_tails = max_asking_tails()});
    service::RegisterAuditService(registry, *audit_);
  }

  virtual std::chrono::milliseconds recheck_interval() const { return std::chrono::seconds(1); }
  virtual size_t max_asking_tails() const { return 32; }
  // Where the log is read.
  virtual storage::postgres::DatabaseConfig LogDatabase() { return PatientConfig(backend().dsn); }

  void TearDown() override {
    worker_->Stop(std::chrono::milliseconds(0));
    sequencer_database_->Close();
    log_database_->Close();
    ServerFixture::TearDown();
  }

  v1::RecordEventRequest Request(const std::string& type) {
    v1::RecordEventRequest request;
    request.mutable_event()->set_type(type);
    return request;
  }

  UnaryOutcome<v1::RecordEventResponse> Record(const v1::RecordEventRequest& request,
                                               CallOptions options = {}) {
    return Call<v1::RecordEventResponse>(admin(), request, options);
  }

  void RunPass() {
    const auto pass = backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
        [&] { return worker_->RunOnce(); });
    ASSERT_THAT(pass, IsOk());
  }

  storage::LogFeed feed_;
  std::unique_ptr<storage::postgres::Database> sequencer_database_;
  std::unique_ptr<storage::Sequencer> sequencer_;
  std::unique_ptr<service::SequencerWorker> worker_;
  std::unique_ptr<storage::postgres::Database> log_database_;
  std::unique_ptr<storage::EventLog> log_;
  std::unique_ptr<service::AuditService> audit_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_AUDIT_FIXTURE_H_
