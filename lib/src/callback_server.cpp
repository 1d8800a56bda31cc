// SPDX-License-Identifier: BSD-3-Clause
#include "qtee/callback_server.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>

#include "callback_pool.hpp"
#include "qtee/detail/param.hpp"
#include "qtee/transport.hpp"
#include "system_error.hpp"

namespace qtee {
namespace detail {
namespace {

thread_local const CallbackPool* t_pool = nullptr;

constexpr std::size_t kHeaderSize = sizeof(qcom_tee_cb_arg);
constexpr std::size_t kParamsSize = kHeaderSize + QCOM_TEE_PARAMS_MAX * sizeof(qcom_tee_param);
// More than any message of QTEE's: what the driver asks for beyond is an error of its own.
constexpr std::size_t kBufferMax = std::size_t{64} << 20;

// Outputs are worth keeping memory for up to here; above, it goes back after the request.
constexpr std::size_t kArenaKept = std::size_t{256} << 10;

}  // namespace

CallbackPool::CallbackPool(const CallbackServer::Options& options)
    : options_(options), buffer_size_(std::max(options.buffer, kParamsSize)) {
  wake_ = FileDescriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_) throw_errno(errno, "create an eventfd");
  const int fd = Transport::current().open("/dev/qtee-ree", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw_errno(-fd, "open /dev/qtee-ree");
  state_ = CallbackState::create(FileDescriptor(fd));
  try {
    for (unsigned i = 0; i < std::max(1u, options_.threads); ++i) thread_start();
  } catch (...) {
    stop();
    throw;
  }
}

CallbackPool::~CallbackPool() { stop(); }

void CallbackPool::thread_start() {
  const std::lock_guard lock(threads_mutex_);
  if (stopping_) return;
  ++idle_;
  try {
    threads_.emplace_back([this] { CallbackWorker(*this).run(); });
  } catch (...) {
    --idle_;
    throw;
  }
}

void CallbackPool::thread_ensure_idle() noexcept {
  if (idle_ > 0 || threads() >= options_.threads_max) return;
  try {
    thread_start();
  } catch (const std::exception&) {
    // Served with the threads there are.
  }
}

void CallbackPool::fail(int error) noexcept {
  const std::lock_guard lock(threads_mutex_);
  if (!failure_) failure_ = std::error_code(error, std::generic_category());
}

void CallbackPool::stop() {
  if (t_pool == this) throw_errno(EDEADLK, "stop a callback server from its own handler");
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(threads_mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  ::eventfd_write(wake_.get(), 1);
  for (std::thread& thread : threads) thread.join();
  if (state_) state_->stop(wake_.get());
}

unsigned CallbackPool::threads() const {
  const std::lock_guard lock(threads_mutex_);
  return static_cast<unsigned>(threads_.size());
}

std::error_code CallbackPool::failure() const {
  const std::lock_guard lock(threads_mutex_);
  return failure_;
}

CallbackWorker::CallbackWorker(CallbackPool& pool) : pool_(pool) {}

void CallbackWorker::run() {
  t_pool = &pool_;
  while (serve_one()) {
  }
}

std::span<qcom_tee_param> CallbackWorker::params() noexcept {
  return {reinterpret_cast<qcom_tee_param*>(buffer_.data() + kHeaderSize / 8),
          std::min<std::size_t>(header().num_params, QCOM_TEE_PARAMS_MAX)};
}

bool CallbackWorker::receive() {
  Transport& transport = Transport::current();
  const int server = pool_.state_->fd();
  for (;;) {
    if (pool_.stopping_) return false;
    if (buffer_.size() * sizeof(buffer_[0]) < pool_.buffer_size_) buffer_.resize((pool_.buffer_size_ + 7) / 8);

    std::memset(buffer_.data(), 0, kHeaderSize);
    header().num_params = QCOM_TEE_PARAMS_MAX;
    qcom_tee_ioctl_data data{};
    data.buf_ptr = reinterpret_cast<std::uintptr_t>(buffer_.data());
    data.buf_len = buffer_.size() * sizeof(buffer_[0]);
    const int status = transport.ioctl(server, QCOM_TEE_IOCTL_RECEIVE, &data);
    if (status >= 0) return true;

    switch (-status) {
      case EINTR:
        break;
      case EMFILE:
      case ENFILE:
      case ENOMEM:
        // The request waits; what is scarce may be there again soon.
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        break;
      case EAGAIN: {
        pollfd fds[] = {{server, POLLIN, 0}, {pool_.wake_.get(), POLLIN, 0}};
        const int ready = transport.poll(fds);
        if (ready < 0 && ready != -EINTR) {
          pool_.fail(-ready);
          return false;
        }
        break;
      }
      case ENOSPC:
        if (data.buf_len > buffer_.size() * sizeof(buffer_[0]) && data.buf_len <= kBufferMax) {
          pool_.buffer_size_ = static_cast<std::size_t>(data.buf_len);
          break;
        }
        [[fallthrough]];
      default:
        pool_.fail(-status);
        return false;
    }
  }
}

bool CallbackWorker::serve_one() {
  std::shared_ptr<CallbackEntry> entry;
  std::optional<CallbackRequest> request;
  bool notification = false;
  {
    const std::lock_guard lock(pool_.leader_);
    bool received = false;
    try {
      received = receive();
    } catch (const std::bad_alloc&) {
      pool_.fail(ENOMEM);
    }
    --pool_.idle_;
    if (!received) return false;

    notification = header().request_id == 0;
    if (!notification) {
      entry = pool_.state_->entry(header().id);
      struct Maker {  // the constructor is ours alone: made in place through a conversion
        CallbackWorker& worker;
        operator CallbackRequest() const {
          return CallbackRequest(OpCode(worker.header().op), worker.params(), worker.arena_);
        }
      };
      request.emplace(Maker{*this});
      pool_.thread_ensure_idle();
    }
  }

  if (notification) {
    if (header().op == QCOM_TEE_OP_RELEASE) pool_.state_->reference_end(header().id);
  } else {
    Result result = Result::bad_object;
    if (!request->valid()) {
      result = Result::max_args;
    } else if (entry) {
      result = dispatch(entry, *request);
    }
    reply(result, *request);
  }
  // Before the thread counts as idle: what the request held goes now, on this thread.
  request.reset();
  entry.reset();
  if (arena_.size() > kArenaKept) arena_ = {};
  ++pool_.idle_;
  return true;
}

Result CallbackWorker::dispatch(const std::shared_ptr<CallbackEntry>& entry, CallbackRequest& request) noexcept {
  try {
    return entry->handler().dispatch(request);
  } catch (const Error& error) {
    return error.result();
  } catch (const std::bad_alloc&) {
    return Result::kernel_memory;
  } catch (...) {
    return Result::error;
  }
}

void CallbackWorker::outputs_withdraw() noexcept {
  for (qcom_tee_param& param : params()) {
    if (param.direction != 0) continue;
    if (param.attr == QCOM_TEE_BUFFER) {
      param.buffer = {};
      continue;
    }
    if (param.attr == QCOM_TEE_OBJECT && param.object.host_id >= 0) {
      CallbackTransfer::cancel(param.object.host_id, param.object.id);
    }
    param.attr = QCOM_TEE_OBJECT_NULL;
    param.object = {};
  }
}

int CallbackWorker::reply_once(Result result) noexcept {
  const std::span<qcom_tee_param> all = params();
  header().result = static_cast<std::int32_t>(result);
  header().num_params = static_cast<std::uint32_t>(all.size());
  qcom_tee_ioctl_data data{};
  data.buf_ptr = reinterpret_cast<std::uintptr_t>(buffer_.data());
  data.buf_len = kHeaderSize + all.size_bytes();
  int status;
  do status = Transport::current().ioctl(pool_.state_->fd(), QCOM_TEE_IOCTL_REPLY, &data);
  while (status == -EINTR);
  return status;
}

void CallbackWorker::reply(Result result, const CallbackRequest& request) noexcept {
  // What is not filled in is an output without an address or an object: nothing that the driver would read.
  outputs_withdraw();
  if (result == Result::ok) {
    try {
      request.fill_reply(params());
    } catch (...) {
      outputs_withdraw();
      result = Result::unavailable;
    }
  }
  const int status = reply_once(result);
  if (status >= 0) return;
  outputs_withdraw();
  // Unless the request is gone it still waits, and its outputs can't answer it.
  if (status != -ENOENT && result == Result::ok) reply_once(Result::unavailable);
}

}  // namespace detail

CallbackServer::CallbackServer() : CallbackServer(Options()) {}
CallbackServer::CallbackServer(const Options& options) : pool_(std::make_unique<detail::CallbackPool>(options)) {}
CallbackServer::CallbackServer(CallbackServer&&) noexcept = default;
CallbackServer& CallbackServer::operator=(CallbackServer&&) noexcept = default;
CallbackServer::~CallbackServer() = default;

CallbackObject CallbackServer::add(std::shared_ptr<CallbackHandler> handler) {
  return detail::CallbackTransfer::handle(pool_->state().add(std::move(handler)));
}

std::size_t CallbackServer::references() const { return pool_->state().references(); }
unsigned CallbackServer::threads() const { return pool_->threads(); }
std::error_code CallbackServer::failure() const { return pool_->failure(); }
void CallbackServer::stop() { pool_->stop(); }

}  // namespace qtee
