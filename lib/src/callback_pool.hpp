// SPDX-License-Identifier: BSD-3-Clause
//
// The threads of a callback server. One of them, the leader, waits for the next request; when it has one and has named
// all the objects in it, it lets another thread lead and serves the request. So objects are looked up in the order in
// which the driver gives requests and releases, and only one thread is woken for each.
#pragma once

#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "callback_state.hpp"
#include "qtee/callback_server.hpp"
#include "qtee/detail/uapi.hpp"

namespace qtee::detail {

class CallbackPool final {
 public:
  explicit CallbackPool(const CallbackServer::Options& options);
  ~CallbackPool();

  void stop();

  CallbackState& state() const noexcept { return *state_; }
  unsigned threads() const;
  std::error_code failure() const;

 private:
  friend class CallbackWorker;

  void thread_start();
  /// For the leader, which has a request: makes sure that somebody leads next.
  void thread_ensure_idle() noexcept;
  void fail(int error) noexcept;

  const CallbackServer::Options options_;
  FileDescriptor wake_;  // eventfd: readable once stopping
  std::shared_ptr<CallbackState> state_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> idle_ = 0;  // threads that lead or wait to lead
  std::mutex leader_;
  std::size_t buffer_size_;  // under leader_: what requests have been seen to need, for every thread

  mutable std::mutex threads_mutex_;
  std::vector<std::thread> threads_;
  std::error_code failure_;
};

/// One thread of the pool, with its memory.
class CallbackWorker final {
 public:
  explicit CallbackWorker(CallbackPool& pool);
  void run();

 private:
  /// Receives and serves one; false when the thread is to end.
  bool serve_one();
  /// Under leader_: fills buffer_; false when the thread is to end.
  bool receive();
  Result dispatch(const std::shared_ptr<CallbackEntry>& entry, CallbackRequest& request) noexcept;
  void reply(Result result, const CallbackRequest& request) noexcept;
  int reply_once(Result result) noexcept;
  /// Makes all outputs of the reply empty, and takes back the references that callback objects among them gave.
  void outputs_withdraw() noexcept;

  qcom_tee_cb_arg& header() noexcept { return *reinterpret_cast<qcom_tee_cb_arg*>(buffer_.data()); }
  std::span<qcom_tee_param> params() noexcept;

  CallbackPool& pool_;
  std::vector<std::uint64_t> buffer_;  // 8-aligned
  std::vector<std::byte> arena_;
};

}  // namespace qtee::detail
