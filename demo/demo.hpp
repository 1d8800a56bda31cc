// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "peer.hpp"
#include "qtee/qtee.hpp"
#include "step.hpp"
#include "vsoc_service.hpp"

namespace qtee::demo {

/// The main job, once: each function is one or a few steps, which leave their objects here for the next ones.
class Demo final {
 public:
  /// `image` is a TA's ELF file.
  Demo(Steps& steps, const Peer& peer, const std::string& image) : steps_(steps), peer_(peer), image_(image) {}

  /// All steps; false when something is left alive in the end. Throws when a step fails.
  bool run();

 private:
  // steps_report.cpp: what is alive before, with the demo's own objects, and after.
  void baseline();
  void report_alive();
  bool report_clean();

  // steps_client.cpp
  void open();
  void register_client();
  void version();
  void heap();
  void load();
  void add();
  void send();

  // steps_memory.cpp
  void share();

  // steps_callback.cpp
  void call_back();

  Steps& steps_;
  const Peer& peer_;
  const std::string& image_;

  std::optional<Root> root_;
  std::optional<vsoc::Service> service_;
  vsoc::Report baseline_{};

  std::optional<CallbackServer> server_;
  Client client_;
  std::optional<services::AppController> controller_;
  Object app_;
};

/// Throws std::runtime_error with `what` unless `holds`.
void require(bool holds, const std::string& what);

}  // namespace qtee::demo
