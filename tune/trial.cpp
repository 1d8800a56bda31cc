// SPDX-License-Identifier: BSD-3-Clause
#include "trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
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

void set_live(const Driver& driver, const Settings& from, const Settings& to) {
  std::vector<std::string> names;
  for (const auto& [name, values] : to) names.push_back(name);
  std::ranges::stable_sort(
      names, {}, [&](const std::string& name) { return order(name, setting(from, name), setting(to, name)); });
  for (const std::string& name : names) driver.set(name, to.at(name));
}

}  // namespace

Trial::Trial(const Settings& wanted, std::string modules, Journal& journal)
    : journal_(journal), before_(driver_.settings()) {
  for (const auto& [name, values] : wanted) {
    if (before_.contains(name)) continue;
    const std::string module(tunable(name).module);
    throw bpf::ToolError(fmt::format("{} can't be set: the module {} {}", name, module,
                                     bpf::module_loaded(module) ? "that is loaded does not have it" : "is not loaded"));
  }
  changes_ = settings_changed(before_, wanted);
  Settings all = before_;
  for (const auto& [name, values] : changes_) all.insert_or_assign(name, values);
  settings_check(all);
  how_ = changes_.empty() ? How::nothing : How::live;
  for (const auto& [name, values] : changes_)
    if (!driver_.live(name, values)) how_ = How::reload;
  if (how_ == How::reload) modules_.emplace(std::move(modules), before_);
  if (how_ == How::nothing) return;
  Journal::Entry entry{before_, changes_, "", {}};
  if (modules_) {
    // Who restores may stand elsewhere.
    if (!modules_->folder().empty()) entry.folder = std::filesystem::absolute(modules_->folder());
    entry.loaded = modules_->modules();
  }
  journal_.write(entry);
}

Trial::~Trial() {
  try {
    revert();
    journal_.clear();
  } catch (const std::exception& error) {
    bpf::remark_write(
        "qtee-tune",
        fmt::format("the settings could not be reverted: {}; qtee-tune --restore tries it again", error.what()));
  }
}

void Trial::keep() {
  applied_ = false;
  journal_.clear();
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
    set_live(driver_, before_, changes_);
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
  set_live(driver_, now, settings_changed(now, old));
}

std::string trial_restore(Journal& journal) {
  const auto left = journal.left();
  if (!left) return "";
  const bool reload = !left->loaded.empty();
  const bool all =
      std::ranges::all_of(left->loaded, [](const auto& module) { return bpf::module_loaded(module.name); });
  Settings now, old, others;
  if (bpf::module_loaded("qtee") && all) {
    const Driver driver;
    now = driver.settings();
    for (const auto& [name, values] : left->after) {
      const auto found = now.find(name);
      if (found == now.end() || found->second == left->before.at(name)) continue;
      (found->second == values ? old : others).emplace(name, left->before.at(name));
    }
    // Of what is loaded anew all has to be the trial's; else somebody has loaded it.
    if (reload && !others.empty()) old.clear();
    if (!old.empty() && !reload) set_live(driver, now, old);
  }
  if (reload && (!all || !old.empty())) Modules(left->folder, left->loaded).restore();
  journal.clear();
  std::string words;
  for (const auto& [name, values] : all ? old : left->before) {
    if (!all && !left->after.contains(name)) continue;
    words += fmt::format("{}{}={}", words.empty() ? "" : " ", name, values_format(values));
  }
  std::string kept;
  for (const auto& [name, values] : others) kept += fmt::format("{}{}", kept.empty() ? "" : ", ", name);
  std::string said = "an earlier one was killed while it tried settings; ";
  said += words.empty() ? "nothing of them is left"
                        : fmt::format("{}: {}", reload ? "the driver was loaded anew as it was" : "put back", words);
  if (!kept.empty()) said += fmt::format("; somebody has changed since, and so it stays: {}", kept);
  return said;
}

}  // namespace qtee::tune
