// SPDX-License-Identifier: BSD-3-Clause
#include "trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "output.hpp"
#include "tool.hpp"

namespace qtee::tune {
namespace {

/// Sizes and what bounds them: at no moment may the bound be too low for the sizes.
int order(const std::string& name, std::uint32_t from, std::uint32_t to) {
  if (name == "pool_max_kib") return to > from ? 0 : 3;
  return to > from ? 2 : 1;
}

}  // namespace

Trial::Trial(const Settings& wanted, std::string modules) : before_(driver_.settings()) {
  for (const auto& [name, values] : wanted)
    if (!before_.contains(name))
      throw bpf::ToolError(fmt::format("{} can't be set: the module {} is not loaded", name, tunable(name).module));
  changes_ = settings_changed(before_, wanted);
  Settings all = before_;
  for (const auto& [name, values] : changes_) all.insert_or_assign(name, values);
  settings_check(all);
  how_ = changes_.empty() ? How::nothing : How::live;
  for (const auto& [name, values] : changes_)
    if (!driver_.live(name, values)) how_ = How::reload;
  if (how_ == How::reload) modules_.emplace(std::move(modules), before_);
}

Trial::~Trial() {
  try {
    revert();
  } catch (const std::exception& error) {
    bpf::remark_write("qtee-tune", fmt::format("the settings could not be reverted: {}", error.what()));
  }
}

void Trial::set_live(const Settings& from, const Settings& to) const {
  std::vector<std::string> names;
  for (const auto& [name, values] : to) names.push_back(name);
  std::ranges::stable_sort(
      names, {}, [&](const std::string& name) { return order(name, setting(from, name), setting(to, name)); });
  for (const std::string& name : names) driver_.set(name, to.at(name));
}

void Trial::renew() const {
  if (how_ == How::reload) return modules_->restore();
  // Whatever is written to one of these: pools give back what is idle.
  driver_.set("trim_ms", before_.at("trim_ms"));
}

void Trial::apply() {
  if (how_ == How::nothing) return;
  if (how_ == How::reload) {
    modules_->reload(changes_);
    applied_ = true;
    return;
  }
  applied_ = true;
  try {
    set_live(before_, changes_);
  } catch (const std::exception&) {
    revert();
    throw;
  }
}

void Trial::revert() {
  if (!applied_) return;
  applied_ = false;
  if (how_ == How::reload) {
    modules_->restore();
    return;
  }
  const Settings now = driver_.settings();
  Settings old;
  for (const auto& [name, values] : changes_) old.emplace(name, before_.at(name));
  set_live(now, settings_changed(now, old));
}

}  // namespace qtee::tune
