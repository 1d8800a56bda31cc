// SPDX-License-Identifier: BSD-3-Clause
#include "story.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <cstring>

#include "clock.hpp"
#include "names.hpp"
#include "quantity.hpp"

namespace qtee::bpf {
namespace {

template <std::size_t Size>
std::string text_of(const char (&field)[Size]) {
  return std::string(field, ::strnlen(field, Size));
}

std::string thread_text(const trace_record& record) {
  return fmt::format("{}[{}]", printable(text_of(record.comm)), record.tid);
}

// "0x4009.8(12 B in, 8 B out, 1 object in)": what is 0 is not said.
std::string call_text(const trace_record& record) {
  std::string arguments;
  const auto add = [&](unsigned count, const std::string& text) {
    if (count) arguments += (arguments.empty() ? "" : ", ") + text;
  };
  const auto objects = [](unsigned count) { return fmt::format("{} object{}", count, count == 1 ? "" : "s"); };
  add(record.ib, fmt::format("{} B in", record.in_bytes));
  add(record.ob, fmt::format("{} B out", record.out_bytes));
  add(record.io, objects(record.io) + " in");
  add(record.oo, objects(record.oo) + " out");
  return fmt::format("{}.{}({})", object_name(record.object), operation_name(record.object, record.op), arguments);
}

// "0(OK), 8 B" or "EFAULT": what the object answered, or why there is no answer.
std::string outcome_text(const trace_record& end) {
  if (end.error) return "error " + error_name(end.error);
  return result_name(end.result) + (end.out_bytes ? fmt::format(", {} B", end.out_bytes) : "");
}

std::uint64_t since(std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; }

std::uint64_t out_ns(const trace_record& end) {
  const std::uint64_t rest = end.in + end.secure + end.callback;
  return end.total > rest ? end.total - rest : 0;
}

std::string phases_text(const trace_record& end) {
  std::string text = duration_format(end.total);
  if (end.total) {
    text += fmt::format(": {} in, {} QTEE", duration_format(end.in), duration_format(end.secure));
    if (end.callback) text += fmt::format(", {} callbacks", duration_format(end.callback));
    text += fmt::format(", {} out", duration_format(out_ns(end)));
  } else {
    text = "time not known";
  }
  if (end.busy) text += fmt::format("; {} times busy", end.busy);
  if (end.interrupted) text += fmt::format("; {} times interrupted", end.interrupted);
  if (end.sleeping) text += fmt::format("; {} times asleep", end.sleeping);
  return text;
}

std::string served_text(const Callback& callback) {
  if (!callback.received) {
    const std::string name = text_of(callback.end.name);
    if (name.empty()) return "by the driver";
    return name == "user" ? "by no server" : fmt::format("by {}", name);
  }
  std::string text = fmt::format("by {} after {}", thread_text(*callback.received),
                                 duration_format(since(callback.request.time, callback.received->time)));
  if (callback.replied)
    text += fmt::format(", {} there, {} back", duration_format(since(callback.received->time, callback.replied->time)),
                        duration_format(since(callback.replied->time, callback.end.time)));
  else
    text += ", which did not answer";
  return text;
}

Json json_of(std::string_view type, const Invocation& invocation, const trace_record& call, const trace_record& end) {
  Json line = json_line("qtee-trace", type, call.time);
  line.update({{"invocation", object_name(invocation.begin.invocation)},
               {"depth", invocation.depth},
               {"process", text_of(invocation.begin.comm)},
               {"pid", invocation.begin.tgid},
               {"tid", invocation.begin.tid},
               {"object", object_name(call.object)},
               {"op", call.op},
               {"operation", operation_name(call.object, call.op)},
               {"in_buffers", call.ib},
               {"in_bytes", call.in_bytes},
               {"out_buffers", call.ob},
               {"out_room", call.out_bytes},
               {"in_objects", call.io},
               {"out_objects", call.oo},
               {"out_bytes", end.out_bytes},
               {"result", end.result},
               {"error", end.error}});
  return line;
}

}  // namespace

Story::Node* Story::find(std::uint64_t invocation) {
  const auto found = nodes_.find(invocation);
  return found == nodes_.end() ? nullptr : &found->second;
}

// What is around is told first.
void Story::open(Node& node) {
  if (node.opened) return;
  if (Node* parent = find(node.invocation.begin.parent)) open_callback(*parent);
  teller_.opened(node.invocation);
  node.opened = true;
}

void Story::open_callback(Node& node) {
  open(node);
  if (node.callback_opened || !node.invocation.callback) return;
  teller_.opened(node.invocation, *node.invocation.callback);
  node.callback_opened = true;
}

void Story::begin(const trace_record& record) {
  forget(record.invocation);
  if (nodes_.size() >= kUnderWay) forget(order_.begin()->second);
  const Node* parent = find(record.parent);
  Node& node = nodes_[record.invocation];
  node.invocation.begin = record;
  node.invocation.depth = parent ? parent->invocation.depth + 2 : 0;
  node.order = begins_++;
  order_[node.order] = record.invocation;
}

void Story::forget(std::uint64_t invocation) {
  const auto node = nodes_.find(invocation);
  if (node == nodes_.end()) return;
  order_.erase(node->second.order);
  nodes_.erase(node);
}

void Story::add(const trace_record& record) {
  if (record.kind == TRACE_INVOKE_BEGIN) {
    begin(record);
    return;
  }
  Node* node = find(record.invocation);
  if (!node) {
    ++strays_;
    return;
  }
  auto& callback = node->invocation.callback;
  switch (record.kind) {
    case TRACE_INVOKE_END:
      node->invocation.end = record;
      if (Node* parent = find(node->invocation.begin.parent)) open_callback(*parent);
      teller_.ended(node->invocation, node->opened);
      ++invocations_;
      forget(record.invocation);
      break;
    case TRACE_CALLBACK_REQUEST:
      callback.emplace();
      callback->request = record;
      callback->depth = node->invocation.depth + 1;
      node->callback_opened = false;
      break;
    case TRACE_CALLBACK_RECEIVE:
      if (callback) callback->received = record;
      break;
    case TRACE_CALLBACK_REPLY:
      if (callback) callback->replied = record;
      break;
    case TRACE_CALLBACK_END:
      if (!callback) {
        ++strays_;
        break;
      }
      open(*node);
      callback->end = record;
      teller_.ended(node->invocation, *callback, node->callback_opened);
      ++callbacks_;
      callback.reset();
      break;
  }
}

void TextTeller::write(const trace_record& who, std::uint64_t time, unsigned depth, std::string_view text) const {
  write_(fmt::format("{}{:<23} {:{}}{}", timestamps_ ? clock_text(time) + " " : "", thread_text(who), "", 2 * depth,
                     text));
}

void TextTeller::opened(const Invocation& invocation) {
  write(invocation.begin, invocation.begin.time, invocation.depth, call_text(invocation.begin) + " {");
}

void TextTeller::opened(const Invocation& invocation, const Callback& callback) {
  const trace_record& who = callback.received ? *callback.received : invocation.begin;
  write(who, callback.request.time, callback.depth, "callback " + call_text(callback.request) + " {");
}

void TextTeller::ended(const Invocation& invocation, bool was_opened) {
  const trace_record& begin = invocation.begin;
  const std::string call =
      was_opened ? fmt::format("}} {}.{}", object_name(begin.object), operation_name(begin.object, begin.op))
                 : call_text(begin);
  write(begin, was_opened ? invocation.end.time : begin.time, invocation.depth,
        fmt::format("{} = {} <{}>", call, outcome_text(invocation.end), phases_text(invocation.end)));
}

void TextTeller::ended(const Invocation& invocation, const Callback& callback, bool was_opened) {
  const trace_record& who = callback.received ? *callback.received : invocation.begin;
  const std::uint32_t object = callback.request.object, op = callback.request.op;
  const std::string call = was_opened
                               ? fmt::format("}} callback {}.{}", object_name(object), operation_name(object, op))
                               : "callback " + call_text(callback.request);
  write(who, was_opened ? callback.end.time : callback.request.time, callback.depth,
        fmt::format("{} = {} <{}, {}>", call, outcome_text(callback.end),
                    duration_format(since(callback.request.time, callback.end.time)), served_text(callback)));
}

void JsonTeller::ended(const Invocation& invocation, bool) {
  const trace_record& end = invocation.end;
  Json line = json_of("invocation", invocation, invocation.begin, end);
  line.update({{"parent", invocation.begin.parent ? Json(object_name(invocation.begin.parent)) : Json(nullptr)},
               {"total_ns", end.total},
               {"linux_in_ns", end.in},
               {"secure_ns", end.secure},
               {"callback_ns", end.callback},
               {"linux_out_ns", out_ns(end)},
               {"busy", end.busy},
               {"interrupted", end.interrupted},
               {"sleeping", end.sleeping}});
  write_(line);
}

void JsonTeller::ended(const Invocation& invocation, const Callback& callback, bool) {
  Json line = json_of("callback", invocation, callback.request, callback.end);
  line["kind"] = text_of(callback.end.name);
  line["total_ns"] = since(callback.request.time, callback.end.time);
  if (callback.received) {
    line.update({{"server", text_of(callback.received->comm)},
                 {"server_pid", callback.received->tgid},
                 {"server_tid", callback.received->tid},
                 {"wake_ns", since(callback.request.time, callback.received->time)}});
    if (callback.replied)
      line.update({{"server_ns", since(callback.received->time, callback.replied->time)},
                   {"back_ns", since(callback.replied->time, callback.end.time)}});
  }
  write_(line);
}

}  // namespace qtee::bpf
