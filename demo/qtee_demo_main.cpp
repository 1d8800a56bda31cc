// SPDX-License-Identifier: BSD-3-Clause
//
// The main job: everything that a client does with QTEE, once, with what happened and how long it took.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>

#include "demo.hpp"

int main(int argc, char** argv) {
  CLI::App app("Invokes QTEE in all the ways there are: services, a TA, shared memory, callbacks, a second process.");
  bool json = false;
  unsigned repeat = 1;
  std::string image = "/qtee/share/ta-adder.elf";
  app.add_flag("--json", json, "Print the steps as JSON");
  app.add_option("--repeat", repeat, "Do it all so many times")->check(CLI::PositiveNumber);
  app.add_option("--image", image, "The TA's ELF image")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  qtee::demo::Steps steps(json);
  bool passed = true;
  std::optional<qtee::demo::Peer> peer;
  try {
    peer.emplace();  // before there are threads and open objects
    for (unsigned i = 0; i < repeat && passed; ++i) {
      if (!json && repeat > 1) fmt::print("round {} of {}\n", i + 1, repeat);
      passed = qtee::demo::Demo(steps, *peer, image).run();
    }
  } catch (const std::exception& error) {
    passed = false;
    fmt::print(stderr, "qtee-demo: {}\n", error.what());
  }
  if (json) fmt::print("{}\n", steps.json(passed));
  return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
