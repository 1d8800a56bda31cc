// SPDX-License-Identifier: BSD-3-Clause
//
// Names for labels of metrics. None of them is an id of an object or of a process: those are new each time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "metrics.h"

namespace qtee::bpf {

/// "root", "client-env", "AppLoader", "uid-0x7e57c0de" of a service without a name here, "AppLoader/0" of what its
/// operation 0 has given; "unknown", "other", and "linux" of METRICS_LINUX.
std::string class_label(std::span<const metrics_class> classes, std::uint32_t index);

/// "open", "RELEASE", "7".
std::string operation_label(std::uint32_t class_index, std::uint32_t op);

/// "AUTH", "EAGAIN", "12": names without numbers where there is one.
std::string code_label(const metrics_error& error);

}  // namespace qtee::bpf
