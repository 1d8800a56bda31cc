// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <thread>

#include "laps.hpp"
#include "raw.hpp"

namespace qtee::bench {

/// A server of one callback object of /dev/qtee-ree, by bare ioctls of one thread: what a callback costs at least. It
/// answers everything with success, and closes what objects it gets.
class PlainServer final {
 public:
  /// `together`: reply to one request and receive the next by one ioctl.
  PlainServer(bool together, Laps& laps);
  ~PlainServer();
  PlainServer(const PlainServer&) = delete;

  /// Its object, to be passed.
  qcom_tee_param object() const { return test::param_object(1, server_.get()); }

 private:
  void run_apart();
  void run_together();
  void take(test::RawRequest& request);

  Laps& laps_;
  FileDescriptor server_ = test::server_open();
  std::atomic<bool> stop_ = false, stopped_ = false;
  std::thread thread_;
};

}  // namespace qtee::bench
