// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <atomic>

#include "demo.hpp"
#include "image_file.hpp"

namespace qtee::demo {

void Demo::open() {
  steps_.run("open", [&] {
    root_ = Root::open();
    server_.emplace();
    return fmt::format("opened /dev/qtee, and /dev/qtee-ree with {} threads for callbacks", server_->threads());
  });
}

void Demo::register_client() {
  steps_.run("register", [&] {
    const Credentials credentials = Credentials::of_process();
    CallbackObject served = credentials.serve(*server_);
    client_ = root_->register_client(served);
    require(static_cast<bool>(client_), "registration gave no client environment");
    return fmt::format("QTEE read {} bytes of credentials from our callback server; we are a client",
                       credentials.bytes().size());
  });
}

void Demo::version() {
  steps_.run("version", [&] {
    const auto version = client_.open<services::FeatureVersions>().qtee();
    return fmt::format("QTEE {}.{}.{}", version.major, version.minor, version.patch);
  });
}

void Demo::heap() {
  steps_.run("heap", [&] {
    const auto heap = client_.open<services::Diagnostics>().heap_info();
    require(heap.total != 0 && heap.used <= heap.total && heap.largest_free <= heap.total, "the heap report is absurd");
    return fmt::format("secure heap: {} KiB, {} KiB used, largest free block {} KiB", heap.total / 1024,
                       heap.used / 1024, heap.largest_free / 1024);
  });
}

void Demo::load() {
  steps_.run("load", [&] {
    const auto image = image_file_read(image_);
    controller_ = client_.open<services::AppLoader>().load(image);
    app_ = controller_->app_object();
    require(static_cast<bool>(app_), "the controller gave no application object");
    return fmt::format("loaded {}, {} bytes", image_, image.size());
  });
}

void Demo::add() {
  steps_.run("add", [&] {
    constexpr std::uint32_t kA = 1'000'000, kB = 234'567;
    const auto sum = app_.call<std::uint32_t>(OpCode(0), std::array{kA, kB});
    require(sum == kA + kB, fmt::format("the TA says {} + {} = {}", kA, kB, sum));
    return fmt::format("the TA adds {} + {} = {}", kA, kB, sum);
  });
}

void Demo::send() {
  steps_.run("send", [&] {
    const Peer::Answer answer = peer_.add(app_, 40, 2);
    require(answer.result == 0 && answer.sum == 42,
            fmt::format("process {} got error {} and the sum {}", answer.pid, answer.result, answer.sum));
    return fmt::format("sent the adder over a UNIX socket; process {} invoked it in {:.1f} us: 40 + 2 = {}", answer.pid,
                       static_cast<double>(answer.nanoseconds) / 1e3, answer.sum);
  });
}

}  // namespace qtee::demo
