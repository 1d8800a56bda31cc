// SPDX-License-Identifier: BSD-3-Clause
#include "sample.hpp"

namespace qtee::dashboard::test {

nlohmann::ordered_json sample_file() {
  return nlohmann::ordered_json::parse(R"({
    "context": {"date": "2026-01-02T03:04:05+00:00", "num_cpus": 2, "qtee_schema": "1",
      "commit": "0123456789abcdef0123456789abcdef01234567", "commit_time": "2026-01-01T00:00:00+01:00",
      "commit_subject": "test data: </script> & \"quotes\"", "dirty": "0", "kernel": "6.12.0", "kernel_name": "debian",
      "machine": "virtual SoC", "cpu_model": "cortex-a76", "cpus": "2", "qemu": "10.0", "icount": "1",
      "settings": "{\"transport\": \"auto\"}", "note": ""},
    "benchmarks": [
      {"name": "floor/getppid/floor", "run_type": "iteration", "repetitions": 1, "repetition_index": 0, "iterations": 10,
       "real_time": 100.5, "cpu_time": 100, "time_unit": "ns", "kernel_instructions": 499},
      {"name": "invoke/none/qtee/repeats:2/manual_time", "run_name": "invoke/none/qtee/repeats:2/manual_time",
       "run_type": "iteration", "repetitions": 2, "repetition_index": 0, "iterations": 10,
       "real_time": 2000, "cpu_time": 1900, "time_unit": "ns", "kernel_instructions": 1500, "smcs": 1,
       "budget_entry": 500, "budget_transport": 1000},
      {"name": "invoke/none/qtee/repeats:2/manual_time", "run_name": "invoke/none/qtee/repeats:2/manual_time",
       "run_type": "iteration", "repetitions": 2, "repetition_index": 1, "iterations": 10,
       "real_time": 2100, "cpu_time": 1950, "time_unit": "ns", "kernel_instructions": 1500, "smcs": 1,
       "budget_entry": 500, "budget_transport": 1000},
      {"name": "invoke/none/qtee/repeats:2/manual_time_mean", "run_name": "invoke/none/qtee/repeats:2/manual_time",
       "run_type": "aggregate", "aggregate_name": "mean", "real_time": 2050, "cpu_time": 1925, "time_unit": "ns"}
    ]})");
}

}  // namespace qtee::dashboard::test
