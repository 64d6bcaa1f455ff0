#include "base/small_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/status.h"

namespace gatehouse::base {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 20;

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(std::string_view field, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidField(field, "cannot read " + path + ": " + std::strerror(errno));
  std::string text(kMaxBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  // A folder can be opened, but not read.
  if (file.bad()) return InvalidField(field, "cannot read " + path);
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxBytes) return InvalidField(field, path + " is over 1 MiB");
  return text;
}

}  // namespace gatehouse::base
