// SPDX-License-Identifier: BSD-3-Clause
//
// The one file that is the dashboard: template, style, script and data in one.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "run_file.hpp"

namespace qtee::dashboard {

/// What stands where in the template: each marker, "<!--style-->", "<!--script-->" and "<!--data-->", is there once.
struct PageParts {
  std::string html;
  std::string style;
  std::string script;
};

/// What the page's script reads: {"schema", "runs": [{"name", "time", "context", "benchmarks", "failures"}], "goals"}.
nlohmann::ordered_json page_data(const std::vector<RunFile>& runs, const nlohmann::ordered_json& goals);

/// Throws std::invalid_argument if a marker is missing, there twice, or style or script would end its own element.
std::string page_fill(const PageParts& parts, const std::vector<RunFile>& runs, const nlohmann::ordered_json& goals);

/// Compressed as gzip does, in base64.
std::string text_pack(std::string_view text);

}  // namespace qtee::dashboard
