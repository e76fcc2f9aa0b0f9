// SPDX-License-Identifier: BSD-2-Clause
// How findings name things.
#pragma once

#include "model/summary.hpp"

#include <string>
#include <vector>

namespace brpath {

// Its name, or its address.
std::string label(const Endpoint &endpoint);
// "shop/cart (10.96.0.10:80)", or without a name "10.96.0.10:80".
std::string label(const Service &service);
std::string address_and_port(const Service &service);

// "frontend to cart over tcp", and through which Service.
std::string label(const Pair &pair);

// The first few, and how many more.
std::string join_some(const std::vector<std::string> &names);

void add_unique(std::vector<std::string> &names, const std::string &name);

} // namespace brpath
