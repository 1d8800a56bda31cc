// SPDX-License-Identifier: BSD-3-Clause
#include "demo.hpp"

#include <stdexcept>

namespace qtee::demo {

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

bool Demo::run() {
  open();
  baseline();
  register_client();
  version();
  heap();
  load();
  add();
  share();
  call_back();
  send();
  report_alive();
  return report_clean();
}

}  // namespace qtee::demo
