// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace qtee::vsoc {

// Opens the virtio-serial port of that name, without blocking, once the other side is there. Throws Broken.
int port_open(const std::string& name);

// Writes all of it, and returns when QEMU has it. Throws Broken.
void port_write(int port, const std::string& text);

}  // namespace qtee::vsoc
