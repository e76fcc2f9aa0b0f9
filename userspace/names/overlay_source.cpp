// SPDX-License-Identifier: BSD-2-Clause
#include "names/overlay_source.hpp"

#include "kernel/links.hpp"
#include "kernel/read_file.hpp"
#include "kernel/routes.hpp"
#include "names/other_nodes.hpp"
#include "util/pace.hpp"
#include "util/printable.hpp"

#include <utility>

namespace brpath {

namespace {

constexpr std::size_t subnet_file_bytes_max = 65536;

Result<Overlay> read_overlay(const std::string &root) {
    Overlay overlay;
    auto links = list_links();
    auto routes = list_routes();
    auto addresses = list_neighbours(NeighbourTable::addresses);
    auto forwarding = list_neighbours(NeighbourTable::forwarding);

    if (!links)
        return Failure(links.error());
    if (!routes)
        return Failure(routes.error());
    if (!addresses)
        return Failure(addresses.error());
    if (!forwarding)
        return Failure(forwarding.error());
    overlay.links = std::move(*links);
    overlay.routes = std::move(*routes);
    overlay.addresses = std::move(*addresses);
    overlay.forwarding = std::move(*forwarding);
    if (const auto file = read_file(root + "/run/flannel/subnet.env", subnet_file_bytes_max))
        overlay.cluster_network = parse_flannel_network(*file);
    return overlay;
}

class OverlaySource : public NameSource {
  public:
    explicit OverlaySource(std::string root) : root_(std::move(root)) {}

    [[nodiscard]] const char *id() const override { return "overlay"; }

    [[nodiscard]] SourceReport report() override {
        const auto begin = Pace::Clock::now();

        if (is_last_ || pace_.is_due(begin)) {
            look();
            pace_.took(begin, Pace::Clock::now());
        }
        return report_;
    }

    void hurry() override { is_last_ = true; }

  private:
    void look() {
        const auto overlay = read_overlay(root_);
        if (!overlay) {
            report_.state = SourceReport::State::down;
            report_.why = printable("cannot " + overlay.error().tried + ": " + overlay.error().why);
            return;
        }
        NameSet names;
        names.networks = networks_of_other_nodes(*overlay);
        if (names != *report_.names)
            report_.names = std::make_shared<const NameSet>(std::move(names));
        report_.state =
            report_.names->networks.empty() ? SourceReport::State::absent : SourceReport::State::up;
        report_.why.clear();
    }

    std::string root_;
    Pace pace_{50}; // the tables of a router are long: at most 2 % of the time
    bool is_last_ = false;
    SourceReport report_;
};

} // namespace

std::unique_ptr<NameSource> make_overlay_source(const std::string &root) {
    return std::make_unique<OverlaySource>(root);
}

} // namespace brpath
