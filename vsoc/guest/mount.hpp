// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace qtee::vsoc {

// /dev, /proc and /sys of the initramfs, and standard streams on the kernel's console. Throws Broken.
void mount_early();

// The guest's root, its shares and the kernel's file systems, and moves there for good. Throws Broken.
void mount_root(bool share);

}  // namespace qtee::vsoc
