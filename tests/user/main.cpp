// SPDX-License-Identifier: BSD-3-Clause
//
// Runs the tests, and compares after each of them what is alive in QTEE, and which descriptors the process has open,
// with what was there before.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "peer.hpp"
#include "user_test.hpp"

namespace qtee::test {

std::size_t fds_open() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count - 1;  // the iterator's own
}

namespace {

// What must be as it was. The heap is not among it: QTEE keeps some memory for later. Nor are bridges, of which the
// driver keeps those of its message buffers.
struct Field {
  const char* name;
  std::uint64_t vsoc::Report::* value;
};
constexpr Field kFields[] = {
    {"TEE objects", &vsoc::Report::tee_objects},
    {"references to TEE objects", &vsoc::Report::tee_references},
    {"ids of callback objects", &vsoc::Report::ns_ids},
    {"releases queued", &vsoc::Report::ns_releases_queued},
    {"mappings", &vsoc::Report::mappings},
    {"calls in flight", &vsoc::Report::calls_in_flight},
    {"faults", &vsoc::Report::faults},
};

class LeakListener final : public ::testing::EmptyTestEventListener {
 public:
  void OnTestProgramStart(const ::testing::UnitTest&) override {
    service_.emplace(vsoc::Service::open(Root::open()));
    service_->report_until([](const vsoc::Report& report) { return report.ns_releases_queued == 0; });
  }
  void OnTestProgramEnd(const ::testing::UnitTest&) override { service_.reset(); }

  void OnTestStart(const ::testing::TestInfo&) override {
    before_ = service_->report();
    fds_before_ = fds_open();
  }

  void OnTestEnd(const ::testing::TestInfo& info) override {
    const auto same = [&](const vsoc::Report& now) {
      for (const Field& field : kFields) {
        if (now.*field.value != before_.*field.value) return false;
      }
      return true;
    };
    const vsoc::Report after = service_->report_until(same, std::chrono::seconds(3));
    for (const Field& field : kFields) {
      if (after.*field.value != before_.*field.value) {
        ADD_FAILURE() << info.name() << " began with " << before_.*field.value << " " << field.name
                      << " and ended with " << after.*field.value;
      }
    }
    if (fds_open() != fds_before_) {
      ADD_FAILURE() << info.name() << " began with " << fds_before_ << " open descriptors and ended with "
                    << fds_open();
    }
  }

 private:
  std::optional<vsoc::Service> service_;
  vsoc::Report before_{};
  std::size_t fds_before_ = 0;
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
