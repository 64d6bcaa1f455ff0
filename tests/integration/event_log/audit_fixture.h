#ifndef GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_AUDIT_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_AUDIT_FIXTURE_H_

#include <memory>
#include <string>

#include "gatehouse/v1/audit.pb.h"
#include "service/event_log/sequencer_worker.h"
#include "service/main/area/storage_area.h"
#include "storage/event_log/sequencer.h"
#include "tests/support/server/server_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {

// Events get their index when a test says so: by RunPass, or from worker_->Start() on by
// themselves.
class AuditFixture : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    service::StorageArea& storage = *backend().storage;
    worker_ = std::make_unique<service::SequencerWorker>(backend().runner.loop(), storage.sequencer,
                                                         *storage.signal, storage.feed);
  }

  void TearDown() override {
    worker_.reset();
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

  std::unique_ptr<service::SequencerWorker> worker_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_EVENT_LOG_AUDIT_FIXTURE_H_
