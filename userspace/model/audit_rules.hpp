// SPDX-License-Identifier: BSD-2-Clause
// The rules behind `brpath doctor`. No input or output.
#pragma once

#include "model/audit.hpp"

#include <span>

namespace brpath {

// Everything, in the order in which it is read.
NamespaceAudit audit_namespace(AuditFacts facts);
Audit audit_node(NodeFacts node, std::vector<NamespaceAudit> namespaces);

// audit_prediction.cpp: for each bridge, family and tag.
std::vector<Prediction> predict(const AuditFacts &facts);

using Checks = std::vector<Check>;
using Predictions = std::span<const Prediction>;

// audit_setting.cpp
void check_module(const AuditFacts &facts, Predictions predictions, Checks &checks);
void check_sysctls(const AuditFacts &facts, Predictions predictions, Checks &checks);
void check_bridges(const AuditFacts &facts, Checks &checks);

// audit_translation.cpp
void check_translation(const AuditFacts &facts, Checks &checks);
void check_conntrack(const AuditFacts &facts, Checks &checks);
void check_forwarding(const AuditFacts &facts, Checks &checks);
void check_forward_rules(const AuditFacts &facts, Checks &checks);

// audit_boot.cpp
void check_boot(const AuditFacts &facts, Checks &checks);

// audit_node.cpp
void check_capabilities(const NodeFacts &node, Checks &checks);
void check_hooks(const NodeFacts &node, Checks &checks);

} // namespace brpath
