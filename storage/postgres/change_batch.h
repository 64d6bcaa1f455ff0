#ifndef GATEHOUSE_STORAGE_POSTGRES_CHANGE_BATCH_H_
#define GATEHOUSE_STORAGE_POSTGRES_CHANGE_BATCH_H_

#include <span>

#include "absl/status/status.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/params.h"

namespace gatehouse::storage::postgres {

// Adds what goes with a change to its batch: the idempotency key, whose
// violation undoes a repeated change, then the events, in one statement, then the mails.
// To be called on an empty batch, before the change's own statements: a retry
// must meet its key before it meets what the first attempt has changed (a
// version, a username), and two attempts at a time must queue up there.
void AppendChange(Batch& batch, const Change& change);

// As AppendChange, for a change whose own statement includes event_log/insert.sql: the
// events become the last of its `params`, instead of a statement.
void AppendChangeInto(Params& params, Batch& batch, const Change& change);

// Adds the statement that writes `events`, for writers without a change of
// state; none if there are none. Events make a batch an announced one: the
// sequencer is told when it has been committed.
void AppendEvents(Batch& batch, std::span<const Event* const> events);

// True if `status` says that the change of that request_id took effect before:
// the answer is in IdempotencyStore.
bool IsReplay(const absl::Status& status);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CHANGE_BATCH_H_
