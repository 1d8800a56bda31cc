// SPDX-License-Identifier: BSD-3-Clause
//
// What vsoc-run and the guest's init tell each other.
//
// vsoc-run -> init, in the initramfs: kJobFile, a list of `key NUL value NUL`; a key may come again. And kModuleFolder,
// the modules that reach the root file system, named so that their sorted order is the loading order.
//
// While it runs, four virtio-serial ports. kPortIn carries frames: u32 length, little endian, and so many bytes of the
// command's standard input; a frame of length 0 is its end. kPortOut and kPortErr carry the command's output as it is.
// kPortControl carries lines both ways.
#pragma once

namespace qtee::vsoc {

inline constexpr char kJobFile[] = "job";
inline constexpr char kModuleFolder[] = "modules";

// Keys of the job.
inline constexpr char kJobArgument[] = "argument";        // one for each word of the command
inline constexpr char kJobEnvironment[] = "environment";  // NAME=value
inline constexpr char kJobDriver[] = "driver";            // qtee, mainline or none
inline constexpr char kJobKernel[] = "kernel";            // debian, lts and so on: the folder below /qtee/modules
inline constexpr char kJobParameter[] = "parameter";      // MODULE.NAME=value, when MODULE is loaded
inline constexpr char kJobShare[] = "share";              // present where there is a share
inline constexpr char kJobLeakCheck[] = "leak-check";     // present where the kernel is to be asked for leaks, too
inline constexpr char kJobNetwork[] = "network";          // present where ports are forwarded to kGuestAddress
inline constexpr char kJobTerminal[] = "terminal";        // "ROWS COLUMNS": the command gets a terminal

// The guest's, in a network that QEMU makes up, of 24 bits.
inline constexpr char kGuestAddress[] = "10.0.2.15";

// Tags of the 9p shares.
inline constexpr char kShareRoot[] = "root";        // the guest root, read-only
inline constexpr char kShareModules[] = "modules";  // /usr/lib/modules
inline constexpr char kShareBuild[] = "qtee";       // /qtee: build/guest, read-only
inline constexpr char kShareUser[] = "share";       // /share, writable

// Names of the ports.
inline constexpr char kPortControl[] = "qtee.control";
inline constexpr char kPortIn[] = "qtee.in";
inline constexpr char kPortOut[] = "qtee.out";
inline constexpr char kPortErr[] = "qtee.err";

// Lines from init: the words below, the rest of the line is their argument.
inline constexpr char kSayReady[] = "ready";    // the command starts; input may come
inline constexpr char kSayExit[] = "exit";      // the command's status, 0 to 255, all output is through
inline constexpr char kSayBroken[] = "broken";  // the machine failed, and how; may come before and after exit

// Lines to init.
inline constexpr char kAskDump[] = "dump";      // write what all tasks and CPUs do to the kernel's console
inline constexpr char kAskWindow[] = "window";  // "ROWS COLUMNS": the terminal's new size

}  // namespace qtee::vsoc
