// SPDX-License-Identifier: BSD-2-Clause
// What `brpath doctor` found, as text. Pure: no input or output here.
#pragma once

#include "model/audit.hpp"
#include "output/render.hpp"

#include <string>

namespace brpath {

enum class Detail : std::uint8_t {
    one,       // namespace, with everything
    namespaces // a line for each, and everything of those with a warning or worse
};

// For people. The first line is the verdict.
std::string render_audit(const Audit &audit, Detail detail, const TableStyle &style);

// Schema brpath.audit/1 (docs/doctor.md). Indented by two; ends with a newline.
std::string render_audit_json(const Audit &audit);

} // namespace brpath
