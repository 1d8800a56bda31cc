// SPDX-License-Identifier: BSD-3-Clause
//
// The guest's kernel as its administrator sees it: modules, sysfs and the log.
#pragma once

#include <filesystem>
#include <string>

#include "file.hpp"

namespace qtee::test {

inline const std::filesystem::path kPlatform = "/sys/bus/platform";

/// The device that qcom_scm makes for QTEE, from 6.18.
inline const std::filesystem::path kScmDevice = kPlatform / "devices/qcomtee";

/// What the file holds, without the newline at its end. Throws std::runtime_error.
std::string file_read(const std::filesystem::path& path);

/// The name of the driver that has the device of sysfs, or "".
std::string driver_of(const std::filesystem::path& device);

/// Loads a module of ours, by its file's name without the ending. Returns 0 or an errno.
int module_load(const std::string& name);

/// Unloads a module. Returns 0 or an errno.
int module_unload(const std::string& name);

/// modprobe of a module of the kernel's. Whether it succeeded.
bool modprobe(const std::string& name);

/// All that is in the kernel's log.
std::string kernel_log();

}  // namespace qtee::test
