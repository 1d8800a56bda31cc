// SPDX-License-Identifier: BSD-3-Clause
//
// make-ta: writes a TA image to a file.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>

#include "ta_builder.hpp"
#include "vsoc/interfaces.hpp"

int main(int argc, char** argv) {
  CLI::App cli{"Writes a TA image that the virtual SoC's loader takes."};
  qtee::vsoc::TaSpec spec;
  std::string out;
  bool single = false;
  cli.add_option("--out", out, "file to write")->required();
  cli.add_option("--name", spec.name, "name in the TA note; without one the image has no note");
  cli.add_option("--size", spec.size, "bytes of the file")->capture_default_str();
  cli.add_option("--class", spec.elf_class, "ELF class, 32 or 64")->capture_default_str();
  cli.add_option("--seed", spec.seed, "of the filling")->capture_default_str();
  cli.add_flag("--single-instance", single, "a second load of the name is refused");
  CLI11_PARSE(cli, argc, argv);
  if (single) spec.flags |= qtee::vsoc::kTaSingleInstance;

  try {
    const auto image = qtee::vsoc::ta_build(spec);
    std::ofstream file(out, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
    file.close();
    if (!file) throw std::runtime_error("can't write " + out);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make-ta: %s\n", error.what());
    return 1;
  }
  return 0;
}
