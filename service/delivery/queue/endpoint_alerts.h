#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_ENDPOINT_ALERTS_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_ENDPOINT_ALERTS_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/alert/alert.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {

// From when on somebody should look.
struct AlertBounds {
  // An event has waited for its first attempt for so long.
  base::Duration backlog_after = std::chrono::hours(1);
  // A receiver's certificate expires within this.
  base::Duration certificate_before = std::chrono::days(14);
};

// What one deliverer has noticed of its endpoint that somebody should look at, and what of that is
// still to be written, with the endpoint's progress. Most of the time there is nothing: an endpoint
// that works costs no statement and no event.
//
// It tells of what begins, gets worse or is over, and of what goes on every kTellAgain, with the
// number of times meanwhile. Whether that makes an event is decided by the alert as it is stored
// (storage/alert): another deliverer, or a person, may have changed it.
//
// A value; time comes in as a parameter.
class EndpointAlerts {
 public:
  static constexpr std::chrono::minutes kTellAgain{10};

  // `alerted`: of the lease.
  EndpointAlerts(const storage::EndpointKey& key, int64_t fence, int32_t alerted,
                 AlertBounds bounds);

  void OnSuccess(base::Time now) { End(storage::AlertKind::kFailing, now); }
  // An attempt failed, after no success for so much of the time after which the endpoint is
  // disabled.
  void OnFailure(base::Time now, int64_t percent, int status_code, std::string_view error_class);
  // An event failed at every attempt.
  void OnExhausted(base::Time now, const base::Uuid& event_id, std::string_view event_type);
  // A new connection showed a certificate.
  void OnCertificate(base::Time now, base::Time expires);
  // Since when the first of the events waits that have not been tried; nullopt: none does.
  void OnPending(base::Time now, std::optional<base::Time> since);

  // There is something to write.
  bool due() const;
  // Moves it into `flush`.
  void CollectInto(storage::DeliveryFlush& flush);
  // For the next lease, as of the last CollectInto.
  int32_t alerted() const;

 private:
  // Of one kind.
  struct Condition {
    // Told, and not that it is over.
    bool open = false;
    // To be told; that it is over.
    bool due = false;
    bool over = false;
    int32_t level = 0;
    int64_t occurrences = 0;
    base::Time last;
    base::Time told;
    std::string details_json;
  };

  Condition& Of(storage::AlertKind kind) { return conditions_[static_cast<size_t>(kind) - 1]; }
  void Notice(storage::AlertKind kind, base::Time now, int32_t level, std::string details_json);
  void End(storage::AlertKind kind, base::Time now);

  storage::EndpointKey key_;
  int64_t fence_;
  AlertBounds bounds_;
  std::array<Condition, static_cast<size_t>(storage::kLastDelivererKind)> conditions_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_ENDPOINT_ALERTS_H_
