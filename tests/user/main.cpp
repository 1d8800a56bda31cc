// SPDX-License-Identifier: BSD-3-Clause
//
// Runs the tests, and compares after each of them what is alive in QTEE, and which descriptors the process has open,
// with what was there before.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "alive.hpp"
#include "peer.hpp"
#include "user_test.hpp"

namespace qtee::test {

namespace {

class LeakListener final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestProgramStart(const ::testing::UnitTest&) override {
    service_.emplace(vsoc::Service::open(Root::open()));
    service_->report_until([](const vsoc::Report& report) { return report.ns_releases_queued == 0; });
  }
  void OnTestProgramEnd(const ::testing::UnitTest&) override { service_.reset(); }

  void OnTestStart(const ::testing::TestInfo&) override { before_ = Alive::now(*service_); }
  void OnTestEnd(const ::testing::TestInfo& info) override {
    for (const std::string& line : before_.differences(*service_))
      ADD_FAILURE() << info.name() << " ends with " << line;
  }

 private:
  std::optional<vsoc::Service> service_;
  Alive before_;
};

}  // namespace
}  // namespace qtee::test

int main(int argc, char** argv) {
  if (int status; qtee::test::peer_main(argc, argv, status)) return status;
  ::testing::InitGoogleTest(&argc, argv);
  // Before the default printer, which then counts what this one adds.
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  auto* printer = listeners.Release(listeners.default_result_printer());
  listeners.Append(new qtee::test::LeakListener);
  listeners.Append(printer);
  return RUN_ALL_TESTS();
}
