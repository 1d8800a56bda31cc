// SPDX-License-Identifier: BSD-3-Clause
//
// Settings that are tried.
#pragma once

#include <optional>
#include <string>

#include "driver.hpp"
#include "modules.hpp"
#include "settings.hpp"

namespace qtee::tune {

/// The driver has other settings while this lives, unless they are kept. One at a time.
class Trial final {
 public:
  /// How they come into use.
  enum class How { nothing, live, reload };

  /// `modules`: as Modules takes it. Changes nothing yet. Throws ToolError where the driver is not there.
  Trial(const Settings& wanted, std::string modules);
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
  void keep() { applied_ = false; }

 private:
  void set_live(const Settings& from, const Settings& to) const;

  Driver driver_;
  Settings before_;
  Settings changes_;
  How how_;
  std::optional<Modules> modules_;
  bool applied_ = false;
};

}  // namespace qtee::tune
