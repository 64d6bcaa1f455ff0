#include "storage/postgres/embedded/postgres_install.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;

absl::Status NotInstalled(const std::string& message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, message,
                         {.reason = base::Reason::kDatabaseUnavailable});
}

bool HasServer(const std::string& bin_dir) {
  return access((bin_dir + "/postgres").c_str(), X_OK) == 0 &&
         access((bin_dir + "/initdb").c_str(), X_OK) == 0;
}

// What `program argument` prints, "" if it fails. `program` is a path.
std::string OutputOf(const std::string& program, const std::string& argument) {
  if (program.find('\'') != std::string::npos) return "";
  std::string command = absl::StrCat("'", program, "' ", argument, " 2>/dev/null </dev/null");
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "re"), &pclose);
  std::string output;
  char buffer[256];
  while (pipe != nullptr && fgets(buffer, sizeof(buffer), pipe.get()) != nullptr) output += buffer;
  return std::string(absl::StripAsciiWhitespace(output));
}

// "postgres (PostgreSQL) 15.20 (Debian ...)" -> 15.
std::optional<int> ParseMajor(const std::string& output) {
  for (absl::string_view word : absl::StrSplit(output, ' ')) {
    std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(word, absl::MaxSplits('.', 1));
    if (int major = 0; absl::SimpleAtoi(parts.first, &major)) return major;
  }
  return std::nullopt;
}

// The real folder of a program on PATH: links on PATH stand beside nothing.
std::string FolderOnPath(const std::string& path, const std::string& program) {
  for (absl::string_view folder : absl::StrSplit(path, ':', absl::SkipEmpty())) {
    std::string file = absl::StrCat(folder, "/", program);
    if (access(file.c_str(), X_OK) != 0) continue;
    std::error_code error;
    fs::path real = fs::canonical(file, error);
    if (!error) return real.parent_path();
  }
  return "";
}

void AddUnlessKnown(const std::string& bin_dir, std::vector<PostgresInstall>& installs) {
  if (bin_dir.empty() || !HasServer(bin_dir)) return;
  for (const PostgresInstall& install : installs) {
    if (install.bin_dir == bin_dir) return;
  }
  if (auto install = PostgresAt(bin_dir); install.ok()) installs.push_back(*install);
}

}  // namespace

InstallSearch InstallSearch::OfThisMachine() {
  InstallSearch search;
  if (const char* path = std::getenv("PATH")) search.path = path;
  return search;
}

absl::StatusOr<PostgresInstall> PostgresAt(const std::string& bin_dir) {
  if (!HasServer(bin_dir)) {
    return NotInstalled(absl::StrCat("no Postgres server (initdb and postgres) in ", bin_dir));
  }
  std::optional<int> major = ParseMajor(OutputOf(bin_dir + "/postgres", "--version"));
  if (!major) {
    return NotInstalled(absl::StrCat(bin_dir, "/postgres does not tell its version"));
  }
  return PostgresInstall{.major = *major, .bin_dir = bin_dir};
}

std::vector<PostgresInstall> FindPostgresInstalls(const InstallSearch& search) {
  std::vector<PostgresInstall> installs;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(search.debian_root, error)) {
    int major = 0;
    std::string bin_dir = entry.path().string() + "/bin";
    if (absl::SimpleAtoi(entry.path().filename().string(), &major) && HasServer(bin_dir)) {
      installs.push_back({.major = major, .bin_dir = bin_dir});
    }
  }
  AddUnlessKnown(FolderOnPath(search.path, "postgres"), installs);
  // Only then: Debian's is a script that takes longer than the server's start.
  std::string folder = installs.empty() ? FolderOnPath(search.path, "pg_config") : "";
  if (!folder.empty()) {
    AddUnlessKnown(OutputOf(folder + "/pg_config", "--bindir"), installs);
  }
  std::sort(installs.begin(), installs.end(), [](const auto& a, const auto& b) {
    return std::pair(-a.major, a.bin_dir) < std::pair(-b.major, b.bin_dir);
  });
  return installs;
}

absl::StatusOr<PostgresInstall> ChoosePostgres(const InstallSearch& search,
                                               std::optional<int> major) {
  std::vector<PostgresInstall> installs = FindPostgresInstalls(search);
  std::erase_if(installs, [](const auto& i) { return i.major < kMinimumPostgresMajor; });
  if (!major) {
    if (!installs.empty()) return installs.front();
    return NotInstalled(absl::StrCat(
        "no Postgres server is installed (looked in ", search.debian_root,
        "/*/bin, PATH and pg_config; ", kMinimumPostgresMajor,
        " or newer is needed). Install it: apt-get install postgresql-", kMinimumPostgresMajor));
  }
  for (const PostgresInstall& install : installs) {
    if (install.major == *major) return install;
  }
  std::string found = absl::StrJoin(installs, ", ", [](std::string* out, const auto& install) {
    absl::StrAppend(out, install.major);
  });
  return NotInstalled(absl::StrCat("the database was made by Postgres ", *major,
                                   ", installed: ", found.empty() ? "none" : found,
                                   ". Install it: apt-get install postgresql-", *major));
}

}  // namespace gatehouse::storage::postgres::embedded
