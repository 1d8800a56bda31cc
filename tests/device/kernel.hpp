// SPDX-License-Identifier: BSD-3-Clause
//
// The guest's kernel as its administrator sees it: modules, sysfs and the log.
#pragma once

#include <filesystem>
#include <string>

#include "file.hpp"
#include "module.hpp"

namespace qtee::test {

inline const std::filesystem::path kPlatform = "/sys/bus/platform";

/// The device that qcom_scm makes for QTEE, from 6.18.
inline const std::filesystem::path kScmDevice = kPlatform / "devices/qcomtee";

/// The name of the driver that has the device of sysfs, or "".
std::string driver_of(const std::filesystem::path& device);

/// modprobe of a module of the kernel's. Whether it succeeded.
bool modprobe(const std::string& name);

/// All that is in the kernel's log.
std::string kernel_log();

}  // namespace qtee::test
