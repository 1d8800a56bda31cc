// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "process.hpp"

namespace qtee::test {

/// A virtual SoC with a shell that does what it is told, and the exporter. Off with this object; end() says how it
/// went.
class Guest final {
 public:
  /// The kernel, and ports of this machine, with the exporter's behind the one and the number 9762 behind the other.
  /// Throws std::runtime_error when it does not boot.
  Guest(const std::string& kernel, std::uint16_t port, std::uint16_t second_port);

  /// Runs a command, and waits for it. Returns what it wrote; throws std::runtime_error unless it ended well.
  std::string run(const std::string& command, std::chrono::seconds limit = std::chrono::seconds(60));

  /// Starts the exporter as the systemd unit would, by another user with the unit's capabilities; returns when it is
  /// attached.
  void exporter_start();
  void exporter_kill();

  /// Unloads our driver, which gives QTEE to mainline's where the kernel has that; and back.
  void driver_unload();
  void driver_load();

  /// Ends it all. Returns the status of vsoc/run, and what it said.
  vsoc::test::Outcome end();

 private:
  vsoc::test::Process process_;
  unsigned commands_ = 0;
};

}  // namespace qtee::test
