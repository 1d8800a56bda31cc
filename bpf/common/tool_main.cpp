// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <exception>

#include "output.hpp"
#include "tool.hpp"

namespace qtee::bpf {
namespace {

/// Where one of the three was closed its number is not given to another file: using it goes on to be an error.
void standard_fds_keep() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace

int tool_main(CLI::App& app, int argc, char** argv, const Options& options, const std::function<int()>& work) {
  standard_fds_keep();
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
