// SPDX-License-Identifier: BSD-3-Clause
//
// What a trial changes, where a process that comes later finds it.
#pragma once

#include <optional>
#include <string>

#include "modules.hpp"
#include "qtee/file_descriptor.hpp"
#include "settings.hpp"

namespace qtee::tune {

/// A file in /run, which is gone with a boot as settings are. It is filled before the driver has other settings than it
/// had, and emptied when it has its own again, or those are kept. So what is in it when nobody has it locked is of a
/// process that was killed. One process has it at a time, as long as the object lives.
class Journal final {
 public:
  struct Entry {
    Settings before;                      // all that there were
    Settings after;                       // those that are tried
    std::string folder;                   // of the modules; "" for modprobe
    std::vector<Modules::Module> loaded;  // none where the driver is not loaded anew
  };

  static constexpr char kPath[] = "/run/qtee-tune.json";

  /// Throws ToolError: another process has it, or it can't be made.
  Journal();
  Journal(const Journal&) = delete;

  /// What a process that was killed has left. Throws ToolError where another version has written it.
  std::optional<Entry> left() const;
  /// Throw ToolError.
  void write(const Entry& entry);
  void clear();

 private:
  std::string text() const;
  FileDescriptor file_;
};

}  // namespace qtee::tune
