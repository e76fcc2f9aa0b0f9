// SPDX-License-Identifier: BSD-2-Clause
// How an object of Kubernetes is called.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brpath {

constexpr std::size_t object_name_bytes_max = 253; // Kubernetes' own bound: a DNS subdomain

// "shop/cart", safe to print; empty if the namespace or the name is missing, or longer than it can be.
std::string object_name(std::string_view space, std::string_view name);

} // namespace brpath
