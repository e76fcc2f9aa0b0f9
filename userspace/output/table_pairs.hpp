// SPDX-License-Identifier: BSD-2-Clause
// The upper part of the table: who talks to whom.
#pragma once

#include "model/summary.hpp"
#include "output/render.hpp"

#include <string>

namespace brpath {

// "shop/cart:http 10.96.0.10:80", safe to print.
std::string service_text(const Service &service);

std::string render_pairs(const Summary &summary, const TableStyle &style);

} // namespace brpath
