#ifndef GATEHOUSE_AUTH_TENANT_TENANT_READER_H_
#define GATEHOUSE_AUTH_TENANT_TENANT_READER_H_

#include "absl/status/status.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/uuid.h"
#include "storage/tenant/tenant_store.h"

namespace gatehouse::auth {

// Has the directory of this instance say what is stored. Any loop, any number at a time.
class TenantReader {
 public:
  // Both outlive it.
  TenantReader(storage::TenantStore& store, TenantDirectory& directory)
      : store_(store), directory_(directory) {}

  // All of them. Before the first call is served, and now and then for what was changed in the
  // database by hand.
  base::Task<absl::Status> Load(base::CallContext ctx);

  // One, whom somebody else has changed. One statement.
  base::Task<absl::Status> Refresh(base::CallContext ctx, base::Uuid id);

 private:
  storage::TenantStore& store_;
  TenantDirectory& directory_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TENANT_TENANT_READER_H_
