#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_FAULT_TEST_BASE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_FAULT_TEST_BASE_H_

#include <gtest/gtest.h>

#include <string>

#include "storage/postgres/client/client_test_base.h"

namespace gatehouse::storage::postgres {

inline constexpr Query kSleep{"test/sleep", "SELECT pg_sleep($1)"};
inline constexpr Query kOne{"test/one", "SELECT 1"};

// For kSleep: it ends because it is ended.
inline Params Forever() { return Params::Of(3600.0); }

// A client whose statements can be watched and whose connections can be killed.
class FaultTestBase : public ClientTest {
 protected:
  void TearDown() override {
    database_.reset();
    // Nothing is left behind on the server.
    EXPECT_TRUE(Eventually([this] { return Backends("") == "0"; }));
  }

  std::string Backends(const std::string& condition) const {
    return Ask(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = 'client' " +
        condition);
  }
  void KillBackends() const {
    Execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND application_name = 'client'");
  }
  bool WaitForSleepers(int count) const {
    return Eventually([&] {
      return Backends("AND state = 'active' AND query LIKE '%pg_sleep%'") == std::to_string(count);
    });
  }
  void OpenLanes(int lanes) {
    DatabaseConfig config = Config();
    config.lanes_per_loop = lanes;
    Open(config);
    ASSERT_TRUE(Eventually([&] { return database_->stats().connections == lanes + 1; }));
  }
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_FAULT_TEST_BASE_H_
