// SPDX-License-Identifier: BSD-3-Clause
#include "page.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <stdexcept>

namespace qtee::dashboard {
namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  constexpr int window_bits_gzip = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits_gzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib can't start");
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("zlib can't compress this");
  return packed;
}

std::string base64(std::string_view bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : digits[group >> (18 - 6 * j) & 63];
  }
  return text;
}

std::string html_attribute(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

void put(std::string& page, const std::string& marker, const std::string& text) {
  const auto at = page.find(marker);
  if (at == std::string::npos || page.find(marker, at + 1) != std::string::npos)
    throw std::invalid_argument(fmt::format("the page's template must have {} once", marker));
  page.replace(at, marker.size(), text);
}

}  // namespace

std::string text_pack(std::string_view text) { return base64(gzip(text)); }

nlohmann::ordered_json page_data(const std::vector<RunFile>& runs, const nlohmann::ordered_json& goals) {
  auto data = nlohmann::ordered_json::object();
  data["schema"] = 1;
  data["runs"] = nlohmann::ordered_json::array();
  for (const RunFile& run : runs)
    data["runs"].push_back({{"name", run.name},
                            {"time", run.time},
                            {"context", run.context},
                            {"benchmarks", run.benchmarks},
                            {"failures", run.failures}});
  data["goals"] = goals;
  return data;
}

std::string page_fill(const PageParts& parts, const std::vector<RunFile>& runs, const nlohmann::ordered_json& goals) {
  if (parts.style.find("</style") != std::string::npos) throw std::invalid_argument("the style has \"</style\" in it");
  if (parts.script.find("</script") != std::string::npos)
    throw std::invalid_argument("the script has \"</script\" in it");
  std::string data = fmt::format("<script type=\"application/gzip\" id=\"data\">{}</script>\n",
                                 text_pack(page_data(runs, goals).dump()));
  for (const RunFile& run : runs)
    data += fmt::format("<script type=\"application/gzip\" data-file=\"{}\">{}</script>\n", html_attribute(run.name),
                        text_pack(run.text));
  std::string page = parts.html;
  // The script last: whatever looks like a marker in it is looked at by nobody.
  put(page, "<!--data-->", data);
  put(page, "<!--style-->", "<style>\n" + parts.style + "</style>");
  put(page, "<!--script-->", "<script>\n" + parts.script + "</script>");
  return page;
}

}  // namespace qtee::dashboard
