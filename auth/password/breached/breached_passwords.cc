#include "auth/password/breached/breached_passwords.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "auth/password/breached/breached_file.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// Setting a password takes a hash of some tens of milliseconds next: more than can wait for that
// need not wait here.
constexpr size_t kMaxQueued = 1'000;

uint64_t LittleEndian(const uint8_t* bytes, size_t size) {
  uint64_t number = 0;
  for (size_t i = size; i > 0; --i) number = number << 8 | bytes[i - 1];
  return number;
}

absl::Status Unusable(std::string_view field, const std::string& path, std::string_view why) {
  return base::InvalidField(field, "cannot be used: " + path + ": " + std::string(why));
}

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BreachedPasswords>> BreachedPasswords::Open(
    std::string_view field, const std::string& path) {
  const File file(path);
  struct stat status = {};
  if (file.fd() < 0 || fstat(file.fd(), &status) != 0) {
    return Unusable(field, path, std::strerror(errno));
  }
  const auto bytes = static_cast<size_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || bytes < kBreachedHeaderBytes) {
    return Unusable(field, path, "is no file that `gatehouse breached build` made");
  }
  void* mapping = mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.fd(), 0);
  if (mapping == MAP_FAILED) return Unusable(field, path, std::strerror(errno));
  const auto* data = static_cast<const uint8_t*>(mapping);
  const auto bucket_bits = static_cast<uint32_t>(LittleEndian(data + 12, 4));
  const uint64_t entries = LittleEndian(data + 16, 8);
  const bool known = std::memcmp(data, kBreachedMagic.data(), kBreachedMagic.size()) == 0 &&
                     LittleEndian(data + 8, 4) == kBreachedVersion &&
                     bucket_bits <= kMaxBucketBits && entries <= kMaxBreachedEntries;
  const uint64_t expected = kBreachedHeaderBytes +
                            ((uint64_t{1} << (known ? bucket_bits : 0)) + 1) * 4 +
                            entries * kBreachedEntryBytes;
  if (!known || bytes != expected) {
    munmap(mapping, bytes);
    return Unusable(field, path,
                    known ? "is not complete" : "is no file that `gatehouse breached build` made");
  }
  // Neighbours of what is read are not.
  madvise(mapping, bytes, MADV_RANDOM);
  return std::unique_ptr<BreachedPasswords>(
      new BreachedPasswords(data, bytes, bucket_bits, entries));
}

BreachedPasswords::BreachedPasswords(const uint8_t* data, size_t bytes, uint32_t bucket_bits,
                                     uint64_t entries)
    : data_(data),
      bytes_(bytes),
      bucket_bits_(bucket_bits),
      entries_(entries),
      pool_("breached", 1, kMaxQueued) {}

BreachedPasswords::~BreachedPasswords() {
  // Whoever asked has its answer: calls end before this does.
  munmap(const_cast<uint8_t*>(data_), bytes_);
}

uint64_t BreachedPasswords::Offset(uint64_t bucket) const {
  return LittleEndian(data_ + kBreachedHeaderBytes + bucket * 4, 4);
}

uint32_t BreachedPasswords::Entry(uint64_t index) const {
  const uint64_t offsets = ((uint64_t{1} << bucket_bits_) + 1) * 4;
  const uint8_t* entry = data_ + kBreachedHeaderBytes + offsets + index * kBreachedEntryBytes;
  return uint32_t{entry[0]} << 16 | uint32_t{entry[1]} << 8 | entry[2];
}

bool BreachedPasswords::Look(std::string_view password) const {
  const uint64_t key = BreachedKey(password);
  const uint64_t bucket = BucketOf(key, bucket_bits_);
  const uint32_t entry = EntryOf(key, bucket_bits_);
  // What the file says is not trusted to lie within it.
  uint64_t first = std::min(Offset(bucket), entries_);
  uint64_t end = std::min(Offset(bucket + 1), entries_);
  while (first < end) {
    const uint64_t middle = first + (end - first) / 2;
    const uint32_t found = Entry(middle);
    if (found == entry) return true;
    if (found < entry) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return false;
}

base::Task<absl::StatusOr<bool>> BreachedPasswords::Contains(base::CallContext ctx,
                                                             std::string password) {
  const std::optional<bool> found = co_await pool_.Run<bool>(
      ctx.loop(), [this, password = std::move(password)] { return Look(password); });
  if (!found) {
    co_return base::MakeError(absl::StatusCode::kResourceExhausted,
                              "too many new passwords wait to be looked up",
                              {.reason = base::Reason::kServerOverloaded,
                               .retry_after = std::chrono::milliseconds(100),
                               .quota = "new passwords waiting"});
  }
  co_return *found;
}

base::Task<absl::Status> BreachedPasswords::Refuse(base::CallContext ctx, std::string field,
                                                   std::string password) {
  GH_CO_ASSIGN_OR_RETURN(const bool known, co_await Contains(std::move(ctx), std::move(password)));
  if (!known) co_return absl::OkStatus();
  co_return base::InvalidField(
      field, "is in a list of passwords that were stolen elsewhere: choose another one",
      base::Reason::kPasswordPolicy);
}

}  // namespace gatehouse::auth
