#ifndef GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_FIELDS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_FIELDS_H_

#include "storage/replay/replay.h"

namespace gatehouse::v1 {
class Replay;
}

namespace gatehouse::service {

void ToProto(const storage::Replay& from, v1::Replay& to);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_REPLAY_REPLAY_FIELDS_H_
