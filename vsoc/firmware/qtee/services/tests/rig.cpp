// SPDX-License-Identifier: BSD-3-Clause
#include "rig.hpp"

namespace qtee::fw::services_test {

Rig::Rig() {
  linux_.on_reply = [this](const Request& request, Reply& reply) { reply_change(request, reply); };
  linux_.on_release = [this](Id id) {
    if (on_release) on_release(id);
  };
  service_ = linux_.open_service();
  EXPECT_NE(service_, 0u);
  before_ = report();
}

Memory Rig::memory(std::size_t size, std::uint32_t perms) {
  Memory memory{linux_.memory(size)};
  memory.perms = perms;
  return memory;
}

void Rig::reply_change(const Request& request, Reply& reply) {
  if (request.object != test::FakeLinux::kPrimordial) return;
  if (request.op == 1) ++yields_;
  if (request.op != 0) return;
  ++map_requests_;
  if (!on_map) return;
  MapAnswer answer{.result = reply.result};
  if (answer.result == 0) {
    const Bytes& info = reply.outs.at(0);
    std::memcpy(&answer.paddr, info.data(), 8);
    std::memcpy(&answer.size, info.data() + 8, 8);
    std::memcpy(&answer.perms, info.data() + 16, 4);
  }
  answer = on_map(answer);
  reply.result = answer.result;
  if (answer.result != 0) return;
  Bytes info(20);
  std::memcpy(info.data(), &answer.paddr, 8);
  std::memcpy(info.data() + 8, &answer.size, 8);
  std::memcpy(info.data() + 16, &answer.perms, 4);
  info.resize(answer.info_size);
  reply.outs = {info};
  if (!answer.map_object) reply.objects = {0};
}

Answer Invoke::run(Id target) && {
  Answer answer = rig_->linux_.invoke(target, op_, arguments_);
  EXPECT_EQ(answer.status, 0);
  EXPECT_EQ(answer.type, 0u);
  EXPECT_EQ(answer.broken, std::vector<std::string>{});
  return answer;
}

vsoc::Report Rig::report() {
  EXPECT_TRUE(linux_.invoke(service_, vsoc::Op::null).ok());
  return linux_.report(service_);
}

void Rig::expect_clean() {
  const auto now = report();
  EXPECT_EQ(now.tee_objects, before_.tee_objects);
  EXPECT_EQ(now.tee_references, before_.tee_references);
  EXPECT_EQ(now.tee_references, linux_.references());
  EXPECT_EQ(now.ns_ids, 0u);
  EXPECT_EQ(now.ns_releases_queued, 0u);
  EXPECT_EQ(now.mappings, 0u);
  EXPECT_EQ(now.calls_in_flight, 0u);
  EXPECT_EQ(now.faults, before_.faults);
  EXPECT_EQ(now.heap_used, before_.heap_used);
  EXPECT_EQ(linux_.alive(), std::vector<Id>{}) << "ids that QTEE never released";
  EXPECT_EQ(linux_.take_breaches(), std::vector<std::string>{});
}

Id Rig::open(std::uint32_t uid) {
  const Id id = linux_.open(uid);
  EXPECT_NE(id, 0u);
  return id;
}

Id Rig::load_app(const Bytes& image) {
  const Id loader = open(vsoc::kUidAppLoader);
  const auto loaded = op(vsoc::app_loader::kLoadFromBuffer).in(image).wants(1).run(loader);
  release(loader);
  EXPECT_EQ(loaded.result, 0);
  if (loaded.result != 0) return 0;
  const auto app = op(vsoc::app_controller::kGetAppObject).wants(1).run(loaded.objects[0]);
  release(loaded.objects[0]);
  EXPECT_EQ(app.result, 0);
  return app.result == 0 ? app.objects[0] : 0;
}

}  // namespace qtee::fw::services_test
