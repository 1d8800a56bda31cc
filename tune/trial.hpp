// SPDX-License-Identifier: BSD-3-Clause
//
// Settings that are tried.
#pragma once

#include <optional>
#include <string>

#include "driver.hpp"
#include "journal.hpp"
#include "modules.hpp"
#include "settings.hpp"

namespace qtee::tune {

/// The driver has other settings while this lives, unless they are kept. One at a time.
class Trial final {
 public:
  /// How they come into use.
  enum class How { nothing, live, reload };

  /// `modules`: as Modules takes it. `journal` outlives this, and has what was before until that is so again. Changes
  /// nothing yet. Throws ToolError where the driver is not there.
  Trial(const Settings& wanted, std::string modules, Journal& journal);
  /// Has all as it was; says so on the standard error output where that is not possible.
  ~Trial();
  Trial(const Trial&) = delete;

  How how() const { return how_; }
  const Settings& before() const { return before_; }
  /// What is changed: what is in use already is not.
  const Settings& changes() const { return changes_; }

  /// Has the driver begin anew with the settings that it has, as apply() does with others: without what its pools have
  /// idle. Throws ToolError.
  void renew() const;
  /// Throws ToolError; then all is as it was.
  void apply();
  /// Has all as it was, now. Throws ToolError.
  void revert();
  void keep();

 private:
  Driver driver_;
  Journal& journal_;
  Settings before_;
  Settings changes_;
  How how_;
  std::optional<Modules> modules_;
  bool applied_ = false;
};

/// Has all as it was before a trial whose process was killed. What somebody has changed since then stays. Returns what
/// was left and is done, in words; "" if nothing. Throws ToolError; then it can be tried again.
std::string trial_restore(Journal& journal);

}  // namespace qtee::tune
