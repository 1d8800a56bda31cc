// SPDX-License-Identifier: BSD-3-Clause
//
// qtee-top: what goes on now: rates, where time goes, callbacks and message buffers.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "clock.hpp"
#include "json.hpp"
#include "now.hpp"
#include "screen.hpp"
#include "session.hpp"
#include "view.hpp"

#include "top.skel.h"

namespace qtee::bpf {
namespace {

constexpr char kTool[] = "qtee-top";

struct TopOptions : Options {
  TableOptions table;
  Sort sort = Sort::time;
  bool batch = false;
};

class Top final {
 public:
  explicit Top(const TopOptions& options) : options_(options) {
    view_.columns = options.table.columns;
    view_.sort = options.sort;
    view_.limit = options.table.limit;
  }

  int run() {
    kernel_require("qtee");
    Session<top_bpf> session(kTool, options_);
    Slots slots = slots_load(session, options_.table.keys);
    pools_ = pools_begin_ = pools_read(folder_);
    // A command may write where the screen is.
    if (!options_.json && !options_.batch && options_.command.empty() && Screen::possible()) screen_.emplace();
    if (screen_) {
      session.loop().watch(STDIN_FILENO, [&] { type(session, slots); });
      session.loop().watch_size([&] { show(); });
    }
    since_ = clock_now();
    if (screen_) show();
    session.run(screen_ ? "" : "counting", [&] {
      take(session, slots);
      show();
    });
    take(session, slots);
    screen_.reset();
    summary(session.loop().length());
    if (!options_.json) without_key_remark(kTool, state_.without_key, options_.table);
    const std::uint64_t calls = totals_of(all_).calls;
    session.finish({{"calls", calls}, {"without_key", state_.without_key}}, session->bss->calls_partial);
    return session.loop().status();
  }

 private:
  /// What has happened since the last call.
  void take(Session<top_bpf>& session, Slots& slots) {
    state_.table = slots.take();
    all_.add(state_.table);
    state_.now = clock_now();
    state_.elapsed_ns = state_.now - since_;
    since_ = state_.now;
    state_.without_key += slots.without_key();
    state_.lost = session.lost();
    state_.partial = session->bss->calls_partial;
    state_.callbacks = callbacks_read(bpf_map__fd(session->maps.top_callbacks));
    Pools pools = pools_read(folder_);
    pools_add_waits(pools, bpf_map__fd(session->maps.top_waits), bpf_map__fd(session->maps.top_pools), state_.now);
    state_.pools = pools_since(pools, pools_);
    pools_ = std::move(pools);
  }

  static Pools pools_since(const Pools& now, const Pools& last) {
    Pools grown;
    for (const auto& [name, pool] : now) {
      const auto before = last.find(name);
      grown.emplace(name, pool.since(before == last.end() ? Pool() : before->second));
    }
    return grown;
  }

  void show() {
    view_.title = fmt::format("{} {}", kTool, clock_text(clock_now()).substr(0, 8));
    if (screen_) {
      const ScreenSize size = screen_->size();
      view_.width = size.width;
      view_.height = size.height;
      view_.keys =
          fmt::format("q quit  s sort by: {}  1 process  2 object  3 operation  space now", sort_name(view_.sort));
      screen_->show(top_lines(state_, view_));
    } else if (options_.json) {
      top_json("interval", state_, view_, json_write);
    } else {
      write();
    }
  }

  void write() const {
    for (const Line& line : top_lines(state_, view_)) line_write(line.text);
    line_write("");
  }

  void summary(std::uint64_t elapsed) {
    state_.table = all_;
    state_.elapsed_ns = elapsed;
    state_.pools = pools_since(pools_, pools_begin_);
    view_.width = view_.height = 0;
    view_.keys.reset();
    view_.title = std::string(kTool) + " summary";
    options_.json ? top_json("summary", state_, view_, json_write) : write();
  }

  void type(Session<top_bpf>& session, Slots& slots) {
    std::string keys;
    if (!screen_ || !screen_->read(keys)) return session.loop().stop();
    for (const char key : keys) press(key, session, slots);
    if (!keys.empty()) show();
  }

  void press(char key, Session<top_bpf>& session, Slots& slots) {
    const auto toggle = [&](Column column) {
      if (!view_.columns.erase(column)) view_.columns.insert(column);
    };
    switch (key) {
      case 'q':
        return session.loop().stop();
      case 's':
        view_.sort = static_cast<Sort>((static_cast<std::size_t>(view_.sort) + 1) % kSorts);
        return;
      case '1':
        return toggle(Column::process);
      case '2':
        return toggle(Column::object);
      case '3':
        return toggle(Column::operation);
      case ' ':
        return take(session, slots);
      default:
        return;
    }
  }

  const TopOptions& options_;
  const std::string folder_ = pools_folder();
  std::optional<Screen> screen_;
  TopView view_;
  TopState state_;
  Table all_;
  Pools pools_, pools_begin_;
  std::uint64_t since_ = 0;
};

}  // namespace
}  // namespace qtee::bpf

int main(int argc, char** argv) {
  using namespace qtee::bpf;
  TopOptions options;
  options.interval = 1'000'000'000;
  CLI::App app("What QTEE is used for now: rates, where the time goes, callbacks and message buffers.", kTool);
  options_add(app, options, Interval::offered);
  table_options_add(app, options.table);
  option_add_parsed(
      app, "-s,--sort", [&](const std::string& text) { options.sort = sort_parse(text); },
      "Rows with the most of it first: time, calls, failed, callbacks, mean, max, secure, server [time]")
      ->type_name("KEY");
  app.add_flag("-b,--batch", options.batch, "Write line by line, also to a terminal");
  return tool_main(app, argc, argv, options, [&] { return Top(options).run(); });
}
