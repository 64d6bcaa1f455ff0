#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_BATCH_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_BATCH_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "storage/postgres/client/params.h"
#include "storage/postgres/client/query.h"

namespace gatehouse::storage::postgres {

// Statements that go out together and end with one Sync: one round trip and one
// implicit transaction. All of them take effect or none does. They run in
// order, and each sees what those before it did.
//
// Holds no BEGIN, COMMIT or anything else that ends a transaction.
class Batch {
 public:
  struct Statement {
    Query query;
    Params params;
  };

  Batch& Add(Query query, Params params = {}) {
    statements_.push_back({query, std::move(params)});
    return *this;
  }

  // Marks a batch somebody waits for: DatabaseConfig::on_announced is called when it
  // has been committed.
  Batch& Announce() {
    announced_ = true;
    return *this;
  }

  bool announced() const { return announced_; }
  // Whether it changes nothing.
  bool reads() const {
    return std::ranges::all_of(statements_, [](const Statement& one) { return one.query.reads; });
  }
  // Whether it may be sent again where nobody knows whether it ran.
  bool may_run_again() const {
    return std::ranges::all_of(statements_,
                               [](const Statement& one) { return one.query.may_run_again; });
  }
  size_t size() const { return statements_.size(); }
  bool empty() const { return statements_.empty(); }
  const std::vector<Statement>& statements() const { return statements_; }

 private:
  std::vector<Statement> statements_;
  bool announced_ = false;
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_BATCH_H_
