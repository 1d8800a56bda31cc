// SPDX-License-Identifier: BSD-3-Clause
//
// One kind of call for ever: what profilers look at. bench_loop [BYTES]: that many in and out, or no arguments.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "pinned.hpp"
#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "vsoc_service.hpp"

using namespace qtee;
using test::RawInvoke;
using vsoc::Op;

int main(int argc, char** argv) {
  const std::size_t size = argc > 1 ? std::strtoul(argv[1], nullptr, 0) : 0;
  const test::Pinned pinned;
  const Root root = Root::open();
  const vsoc::Service service = vsoc::Service::open(root);
  std::vector<std::byte> in(size), out(size);
  RawInvoke call = size == 0 ? RawInvoke(static_cast<std::uint32_t>(Op::null), 0)
                             : RawInvoke(static_cast<std::uint32_t>(Op::echo),
                                         {test::param_in(in.data(), size), test::param_out(out.data(), size)});
  std::puts("ready");
  std::fflush(stdout);
  while (call.invoke(service.object().fd()) == 0) continue;
  return 1;
}
