#include "auth/password/breached/build_breached_file.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "auth/password/breached/breached_file.h"
#include "auth/password/password_policy.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::auth {
namespace {

constexpr size_t kHashChars = 40;
constexpr size_t kKeyChars = 16;
// Between two tellings.
constexpr uint64_t kProgressBytes = uint64_t{16} << 20;

absl::Status Wrong(const std::string& path, std::string_view what) {
  return base::InvalidField("input", path + ": " + std::string(what));
}

// The key of a line "SHA1:count" or "SHA1"; nullopt for anything else. `count`: 1 where none is.
std::optional<uint64_t> HashedKey(std::string_view line, uint64_t& count) {
  count = 1;
  if (line.size() > kHashChars && line[kHashChars] == ':') {
    const std::string_view digits = line.substr(kHashChars + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  } else if (line.size() != kHashChars) {
    return std::nullopt;
  }
  uint64_t key = 0;
  uint64_t rest = 0;
  const auto read = [](std::string_view hex, uint64_t& number) {
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
    return error == std::errc() && end == hex.data() + hex.size();
  };
  const bool is_hash = read(line.substr(0, kKeyChars), key) &&
                       read(line.substr(kKeyChars, kKeyChars), rest) &&
                       read(line.substr(2 * kKeyChars, kHashChars - 2 * kKeyChars), rest);
  return is_hash ? std::optional(key) : std::nullopt;
}

// Reads the keys of a list, in the order of its lines.
class KeyReader {
 public:
  explicit KeyReader(const BreachedBuild& build)
      : build_(build), file_(build.input, std::ios::binary) {}

  // nullopt at the end.
  absl::StatusOr<std::optional<uint64_t>> Next() {
    std::string line;
    while (std::getline(file_, line)) {
      ++lines_;
      read_ += line.size() + 1;
      if (read_ - told_ >= kProgressBytes) {
        told_ = read_;
        build_.progress(read_, size_);
      }
      const std::string_view text = base::WithoutLineEnd(line);
      if (text.empty()) continue;
      uint64_t count = 1;
      const std::optional<uint64_t> hashed = HashedKey(text, count);
      if (!hashed_) hashed_ = hashed.has_value();
      if (!*hashed_) {
        // In the form that passwords are looked up in. What can be nobody's need not be kept.
        const std::optional<std::string> normal = NormalizePassword(text);
        if (!normal) continue;
        return std::optional(BreachedKey(*normal));
      }
      if (!hashed) {
        return Wrong(build_.input, "line " + std::to_string(lines_) +
                                       " is no SHA-1 hash with or without a count, as those "
                                       "before it are");
      }
      if (count >= build_.min_count) return *hashed;
    }
    if (file_.bad()) return Wrong(build_.input, "cannot be read");
    return std::optional<uint64_t>();
  }

  absl::Status Open() {
    std::error_code error;
    size_ = std::filesystem::file_size(build_.input, error);
    if (error || !file_) {
      return Wrong(build_.input, "cannot be read; it must be a file, which is read twice");
    }
    return absl::OkStatus();
  }

 private:
  const BreachedBuild& build_;
  std::ifstream file_;
  std::optional<bool> hashed_;
  uint64_t size_ = 0;
  uint64_t read_ = 0;
  uint64_t told_ = 0;
  uint64_t lines_ = 0;
};

// Writes the file from keys in their order; put in its place by Finish.
class FileWriter {
 public:
  FileWriter(const std::string& path, uint64_t entries)
      : path_(path),
        temporary_(path + ".new"),
        bits_(BucketBitsFor(entries)),
        entries_(entries),
        file_(std::fopen(temporary_.c_str(), "wb")) {
    // The offsets are known at the end.
    offsets_.assign((uint64_t{1} << bits_) + 1, 0);
    Put(kBreachedMagic);
    PutNumber(kBreachedVersion, 4);
    PutNumber(bits_, 4);
    PutNumber(entries, 8);
    PutNumber(0, 8);
    PutOffsets();
  }
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter() {
    if (file_ != nullptr) std::fclose(file_);
    if (!finished_) std::remove(temporary_.c_str());
  }

  void Add(uint64_t key) {
    const uint64_t bucket = BucketOf(key, bits_);
    // How many are in it; made places by Finish.
    ++offsets_[bucket + 1];
    const uint32_t entry = EntryOf(key, bits_);
    const char bytes[kBreachedEntryBytes] = {
        static_cast<char>(entry >> 16), static_cast<char>(entry >> 8), static_cast<char>(entry)};
    Put({bytes, sizeof(bytes)});
  }

  absl::StatusOr<BreachedResult> Finish() {
    for (size_t i = 1; i < offsets_.size(); ++i) offsets_[i] += offsets_[i - 1];
    good_ = good_ && file_ != nullptr && std::fseek(file_, kBreachedHeaderBytes, SEEK_SET) == 0;
    if (good_) PutOffsets();
    good_ = good_ && std::fflush(file_) == 0 && fsync(fileno(file_)) == 0;
    std::error_code error;
    const uint64_t bytes = good_ ? std::filesystem::file_size(temporary_, error) : 0;
    if (good_ && !error) std::filesystem::rename(temporary_, path_, error);
    if (!good_ || error) {
      return base::InvalidField("output", path_ + ": cannot be written");
    }
    finished_ = true;
    return BreachedResult{.entries = entries_, .bytes = bytes};
  }

 private:
  void Put(std::string_view bytes) {
    good_ = good_ && file_ != nullptr &&
            std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size();
  }
  void PutNumber(uint64_t number, int bytes) {
    char text[8];
    for (int i = 0; i < bytes; ++i) text[i] = static_cast<char>(number >> (8 * i));
    Put({text, static_cast<size_t>(bytes)});
  }
  void PutOffsets() {
    for (const uint32_t offset : offsets_) PutNumber(offset, 4);
  }

  const std::string path_;
  const std::string temporary_;
  const uint32_t bits_;
  const uint64_t entries_;
  std::FILE* file_;
  std::vector<uint32_t> offsets_;
  bool good_ = true;
  bool finished_ = false;
};

absl::Status TooLarge(std::string_view what) {
  return base::InvalidField("input", what, base::Reason::kTooLarge);
}

// How many different keys there are if they are sorted; nullopt if they are not.
absl::StatusOr<std::optional<uint64_t>> CountSorted(const BreachedBuild& build) {
  KeyReader reader(build);
  GH_RETURN_IF_ERROR(reader.Open());
  uint64_t entries = 0;
  std::optional<uint64_t> last;
  while (true) {
    GH_ASSIGN_OR_RETURN(const std::optional<uint64_t> key, reader.Next());
    if (!key) return std::optional(entries);
    if (last && *key < *last) return std::optional<uint64_t>();
    if (!last || *key != *last) ++entries;
    last = key;
  }
}

absl::StatusOr<BreachedResult> WriteSorted(const BreachedBuild& build, uint64_t entries) {
  KeyReader reader(build);
  GH_RETURN_IF_ERROR(reader.Open());
  FileWriter writer(build.output, entries);
  std::optional<uint64_t> last;
  uint64_t written = 0;
  while (true) {
    GH_ASSIGN_OR_RETURN(const std::optional<uint64_t> key, reader.Next());
    if (!key) break;
    if (last && *key == *last) continue;
    writer.Add(*key);
    ++written;
    last = key;
  }
  if (written != entries) return Wrong(build.input, "was changed while it was read");
  return writer.Finish();
}

absl::StatusOr<BreachedResult> SortAndWrite(const BreachedBuild& build) {
  KeyReader reader(build);
  GH_RETURN_IF_ERROR(reader.Open());
  std::vector<uint64_t> keys;
  while (true) {
    GH_ASSIGN_OR_RETURN(const std::optional<uint64_t> key, reader.Next());
    if (!key) break;
    if (keys.size() == kMaxUnsortedEntries) {
      return TooLarge("more than 200,000,000 passwords that are not sorted by their hashes");
    }
    keys.push_back(*key);
  }
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  FileWriter writer(build.output, keys.size());
  for (const uint64_t key : keys) writer.Add(key);
  return writer.Finish();
}

}  // namespace

absl::StatusOr<BreachedResult> BuildBreachedFile(const BreachedBuild& build) {
  GH_ASSIGN_OR_RETURN(const std::optional<uint64_t> sorted, CountSorted(build));
  if (!sorted) return SortAndWrite(build);
  if (*sorted > kMaxBreachedEntries) return TooLarge("more than 4,294,967,295 passwords");
  return WriteSorted(build, *sorted);
}

}  // namespace gatehouse::auth
