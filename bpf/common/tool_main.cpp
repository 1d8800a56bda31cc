// SPDX-License-Identifier: BSD-3-Clause
#include <CLI/CLI.hpp>
#include <exception>

#include "output.hpp"
#include "tool.hpp"

namespace qtee::bpf {

int tool_main(CLI::App& app, int argc, char** argv, const Options& options, const std::function<int()>& work) {
  const std::string tool = app.get_name();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) ? 2 : 0;
  }
  try {
    libbpf_listen(options.verbose);
    return work();
  } catch (const std::exception& error) {
    remark_write(tool, error.what());
    return 1;
  }
}

}  // namespace qtee::bpf
