#ifndef GATEHOUSE_SERVICE_MAIL_ALERT_ALERT_TELLING_H_
#define GATEHOUSE_SERVICE_MAIL_ALERT_ALERT_TELLING_H_

#include <optional>

#include "base/time.h"
#include "storage/alert/alert.h"
#include "storage/alert/alert_destination.h"

namespace gatehouse::service::mail {

// Whether a destination is told of an alert as it is now.
struct Telling {
  enum class What {
    // There is nothing new, or nothing that the destination wants to know.
    kNothing,
    // It is to be seen again at `again`, as the alert is by then.
    kLater,
    kTell,
  };
  What what = What::kNothing;
  base::Time again;
};

// Told is what differs from what was told last: that an alert is open, at a higher level, or over.
// So of an alert that comes and goes while the destination is silent, one mail says where it
// stands, or none if that is where it stood before. That one is over is told to who was told that
// it is open, if the destination wants that.
Telling TellingOf(const storage::AlertDestination& destination, const storage::AlertNotice& notice,
                  const storage::Alert& alert, base::Time now);

// When the hours without mails that `now` is in are over, all of them if they follow one another;
// nullopt outside of them. To the minute. A week at most.
std::optional<base::Time> QuietUntil(const storage::AlertDestination& destination, base::Time now);

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_ALERT_ALERT_TELLING_H_
