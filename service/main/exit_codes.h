#ifndef GATEHOUSE_SERVICE_MAIN_EXIT_CODES_H_
#define GATEHOUSE_SERVICE_MAIN_EXIT_CODES_H_

namespace gatehouse::service {

// What `gatehouse` exits with; documented in docs/operating/commands.md.
// `gatehouse migrate` has the same numbers for the same reasons.
enum ExitCode {
  kExitOk = 0,
  // It ran and failed; the last line of standard error says why.
  kExitFailed = 1,
  // Unknown command or flag, or a configuration that cannot be used.
  kExitUsage = 2,
  // The database cannot be reached.
  kExitNoDatabase = 3,
  // The database, or its schema, is not the one this program needs.
  kExitSchemaMismatch = 4,
  // An address to listen on cannot be had.
  kExitAddressInUse = 6,
  // It could not stop in time; base::kExitStuck.
  kExitStuck = 70,
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_EXIT_CODES_H_
