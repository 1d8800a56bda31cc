// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <variant>

#include "qtee/callback_object.hpp"
#include "qtee/memory_object.hpp"
#include "qtee/object.hpp"

namespace qtee {

/// An object of whatever kind: none, one in QTEE, memory, or one of this process's own.
using AnyObject = std::variant<std::monostate, Object, MemoryObject, CallbackObject>;

}  // namespace qtee
