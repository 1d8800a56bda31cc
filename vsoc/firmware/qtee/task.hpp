// SPDX-License-Identifier: BSD-3-Clause
//
// Operations as coroutines: an operation that calls Linux back suspends, and goes on, on any CPU, when Linux answers.
//
// A Task starts when it is awaited. Tasks of one invocation are run by one loop (task_run), so the stack is as deep as
// one of them however they nest. Frames come from the secure heap; where there is no memory, the task is ready at once
// with the result kKmem.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <new>
#include <utility>

#include "heap.hpp"
#include "result.hpp"

namespace qtee::fw {

// What runs next in one invocation. Invariant: null while the invocation waits for Linux, and when it has ended.
struct TaskContext {
  std::coroutine_handle<> next;
};

// Runs an invocation until it waits or ends.
inline void task_run(TaskContext& context) {
  while (context.next) std::exchange(context.next, nullptr).resume();
}

// The part of a promise that does not know its value.
struct TaskPromiseBase {
  TaskContext* context = nullptr;
  std::coroutine_handle<> continuation;  // who awaits, null for the outermost task

  // Both: GCC looks the first up although it calls the second.
  static void* operator new(std::size_t size) noexcept { return heap_alloc(size); }
  static void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return heap_alloc(size); }
  static void operator delete(void* frame) noexcept { heap_free(frame); }

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> done) noexcept {
      done.promise().context->next = done.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { __builtin_trap(); }
};

// T is Result, or constructible from one (which it is with kKmem where there was no memory for the frame).
template <class T>
class [[nodiscard]] Task {
 public:
  struct promise_type : TaskPromiseBase {
    T value{kError};
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    static Task get_return_object_on_allocation_failure() { return Task(T{kKmem}); }
    template <class U>
    void return_value(U&& result) {
      value = std::forward<U>(result);
    }
  };

  // A task that has ended before it began: for operations that need no coroutine. Costs nothing.
  static Task ready(T value) { return Task(std::move(value)); }

  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)), value_(std::move(other.value_)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(frame_, other.frame_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  // For the owner of an invocation: makes this the first thing that task_run(context) runs.
  void start(TaskContext& context) {
    if (!frame_) return;
    frame_.promise().context = &context;
    context.next = frame_;
  }
  bool done() const { return !frame_ || frame_.done(); }
  T& value() { return frame_ ? frame_.promise().value : value_; }

  // co_await: runs the task and yields its value.
  bool await_ready() const noexcept { return !frame_; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    frame_.promise().continuation = parent;
    start(*parent.promise().context);
  }
  T await_resume() { return std::move(value()); }

 private:
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  explicit Task(T value) : value_(std::move(value)) {}

  std::coroutine_handle<promise_type> frame_;
  T value_{kError};
};

}  // namespace qtee::fw
