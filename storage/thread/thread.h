#ifndef GATEHOUSE_STORAGE_THREAD_THREAD_H_
#define GATEHOUSE_STORAGE_THREAD_THREAD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// Which conversation thread: its name is one among those of its user.
struct ThreadName {
  base::Uuid tenant_id;
  base::Uuid user_id;
  std::string thread_id;
};

// gatehouse.v1.MessageRole.
enum class MessageRole : int16_t { kSystem = 1, kUser = 2, kAssistant = 3, kTool = 4 };

// One thread of a user, without its messages: a row of gatehouse.thread.
struct Thread {
  std::string thread_id;
  int64_t message_count = 0;
  // Of contents as JSON text.
  int64_t content_bytes = 0;
  base::Time create_time;
  // When messages were last added.
  base::Time update_time;
};

// One message of a thread: a row of gatehouse.thread_message.
struct ThreadMessage {
  base::Uuid id;
  // Set when it is added.
  int64_t index = 0;
  MessageRole role = MessageRole::kUser;
  std::string content_json;
  // The client's own name of it.
  std::optional<std::string> key;
  std::optional<base::Uuid> session_id;
  base::Time create_time;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_THREAD_THREAD_H_
