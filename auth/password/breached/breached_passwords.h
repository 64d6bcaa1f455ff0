#ifndef GATEHOUSE_AUTH_PASSWORD_BREACHED_BREACHED_PASSWORDS_H_
#define GATEHOUSE_AUTH_PASSWORD_BREACHED_BREACHED_PASSWORDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/async/worker_pool.h"
#include "base/call_context.h"

namespace gatehouse::auth {

// Passwords that are known to have been breached, from a file that BuildBreachedFile made: nobody
// outside is asked. The file is mapped, so that it takes no memory of its own and a look costs one
// or two pages.
//
// Thread-safe. Looks are made on a thread of its own: a page that is not in memory is waited for. A
// file must not be changed in place while it is open; another one is put in its place by renaming,
// and read at the next start.
class BreachedPasswords {
 public:
  // INVALID_FIELD about `field` if the file cannot be read or is no such file.
  static absl::StatusOr<std::unique_ptr<BreachedPasswords>> Open(std::string_view field,
                                                                 const std::string& path);
  ~BreachedPasswords();
  BreachedPasswords(const BreachedPasswords&) = delete;
  BreachedPasswords& operator=(const BreachedPasswords&) = delete;

  // Whether the list has it: always, if it does; of others one of 262,144 looks as if.
  // RESOURCE_EXHAUSTED, SERVER_OVERLOADED if too many wait.
  base::Task<absl::StatusOr<bool>> Contains(base::CallContext ctx, std::string password);

  // PASSWORD_POLICY about `field` if the list has it. SERVER_OVERLOADED as above.
  base::Task<absl::Status> Refuse(base::CallContext ctx, std::string field, std::string password);

  // The same, on this thread.
  bool Look(std::string_view password) const;

  uint64_t size() const { return entries_; }

 private:
  BreachedPasswords(const uint8_t* data, size_t bytes, uint32_t bucket_bits, uint64_t entries);

  uint64_t Offset(uint64_t bucket) const;
  uint32_t Entry(uint64_t index) const;

  const uint8_t* const data_;
  const size_t bytes_;
  const uint32_t bucket_bits_;
  const uint64_t entries_;
  // Last: its thread reads the rest.
  base::WorkerPool pool_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_BREACHED_BREACHED_PASSWORDS_H_
