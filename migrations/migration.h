#ifndef GATEHOUSE_MIGRATIONS_MIGRATION_H_
#define GATEHOUSE_MIGRATIONS_MIGRATION_H_

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::migrations {

// One step of the schema: NNNN_verb_noun.up.sql and its .down.sql. Constants of this type are
// generated from the files in this folder (tools/bazel/migrations.bzl), which checks them.
struct Migration {
  int version;                // From 1, without gaps.
  std::string_view name;      // verb_noun: [a-z0-9_].
  std::string_view checksum;  // Of `up`: SHA-256, lower-case hex. `down` may still be corrected.
  std::string_view up;
  std::string_view down;
};

enum class Direction { kUp, kDown };

// False if the comments above the first statement hold the line "-- gatehouse: no-transaction".
bool IsTransactional(std::string_view sql);

// The statements of a script without a transaction, which must go out one by one: Postgres runs
// several in one message as one transaction. A statement ends with a ';' at the end of a line.
std::vector<std::string> SplitStatements(std::string_view sql);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_MIGRATION_H_
