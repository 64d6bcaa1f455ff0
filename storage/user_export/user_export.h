#ifndef GATEHOUSE_STORAGE_USER_EXPORT_USER_EXPORT_H_
#define GATEHOUSE_STORAGE_USER_EXPORT_USER_EXPORT_H_

#include <cstdint>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// A thread of a user: a row of gatehouse.thread.
struct UserThread {
  std::string thread_id;
  // What its messages are kept under.
  base::Uuid uid;
  int64_t message_count = 0;
  base::Time create_time;
  base::Time update_time;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_EXPORT_USER_EXPORT_H_
