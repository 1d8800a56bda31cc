// SPDX-License-Identifier: BSD-3-Clause
//
// Signals that end a tool: SIGINT, SIGTERM, and SIGHUP unless it was ignored (nohup).
#pragma once

namespace qtee::bpf {

/// What a further one does. The first asks the tool to end, which it does with its summary.
enum class SecondSignal {
  ends,     // at once, whatever it waits for
  ignored,  // it has to clean up first
};

/// From here on they are taken, once for the whole process; and SIGPIPE is ignored. Throws std::system_error.
void signals_take(SecondSignal second);
/// Whether one has come.
bool signals_came();
/// Can be read from when one has come, and then for ever. Nobody reads it.
int signals_fd();
/// In a child, between fork and exec: all is as it was when the process began. Async-signal-safe.
void signals_give_back();
/// What a second one does before it ends the process; async-signal-safe. nullptr: nothing.
void signals_set_last(void (*last)());

}  // namespace qtee::bpf
