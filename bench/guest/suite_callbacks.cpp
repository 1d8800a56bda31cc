// SPDX-License-Identifier: BSD-3-Clause
#include "placement.hpp"
#include "suite.hpp"

namespace qtee::bench {
namespace {

constexpr unsigned kTimes = 32;

// From one time that QTEE calls the object to the next: what stands around all of them is not in it.
Path round_trip(Front& front, const char* name, Front::Server server, unsigned objects) {
  return {.name = name,
          .work = [&front, server, objects] { front.call_back(server, kTimes, objects); },
          .operations = kTimes,
          .took = [&front] { return front.laps().ns(); },
          .counted = false};
}

}  // namespace

Paths suite_callbacks(Bench& bench) {
  Front& front = *bench.front;
  using Server = Front::Server;
  Paths paths;
  paths.push_back(
      {.name = "callbacks/kernel", .work = [&front] { front.call_back_kernel(kTimes); }, .operations = kTimes});
  paths.push_back(round_trip(front, "callbacks/user", Server::plain, 0));
  paths.push_back(round_trip(front, "callbacks/user_apart", Server::apart, 0));
  paths.push_back(round_trip(front, "callbacks/user_library", Server::library, 0));
  paths.push_back(round_trip(front, "callbacks/user_object", Server::plain, 1));
  paths.push_back(
      {.name = "callbacks/released", .work = [&front] { front.call_back(Server::plain, 1); }, .counted = false});
  paths.push_back({.name = "callbacks/nested_4", .work = [&front] { front.nest(4); }, .counted = false});
  // Where the scheduler puts threads that wake each other up differs from run to run.
  for (Path& path : paths)
    if (!path.counted) path = on_two_cpus(std::move(path));
  paths.push_back(on_one_cpu(round_trip(front, "callbacks/user_one_cpu", Server::plain, 0)));
  return paths;
}

}  // namespace qtee::bench
